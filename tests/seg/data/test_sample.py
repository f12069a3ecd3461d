import pytest

from seg.data.sample import check_names


def test_names_of_any_script_with_dots_and_spaces_are_allowed():
    names = ["a", "a.b", "Zelle 1", "細胞-µ", "...", "a" * 200, "A"]
    check_names(names)
    assert len(set(names)) == len(names)


def test_every_name_that_cannot_be_a_file_name_is_listed_at_once():
    names = ["a", "b", "a", "../../up", "sub/c", "sub\\c", "..", "", "new\nline", "\udcff", "long" * 51]
    with pytest.raises(ValueError, match=r"9 name\(s\) of images cannot be used") as refusal:
        check_names(names)
    text = str(refusal.value)
    assert "'a': 2 images have this name" in text
    assert "'b'" not in text
    for name in names[3:10]:
        assert f"\n  {name!r}: a name is not empty and no path" in text
    assert "at most 200 bytes, this one has 204" in text
