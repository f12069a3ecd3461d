import unicodedata

import pytest

from seg.data.pairing import describe_search, doubled, find_files, name_of, suggest_patterns


@pytest.fixture
def tree(tmp_path):
    def build(*paths: str):
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return build


def test_a_folder_names_its_images_without_suffix_and_leaves_out_the_rest(tree):
    root = tree("x/b.png", "x/a.TIF", "x/c.ome.tif", "x/notes.txt", "x/.hidden.png", "x/deep/d.png", "e.png")
    assert list(find_files(root, "x")) == list(find_files(root, "./x/")) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("raw/*_img.tif", ["a", "b"]),
        ("raw/*_img", ["a", "b", "c"]),
        ("raw/*_img.*", ["a", "b", "c"]),
        ("raw/b_*.tif", ["img", "mask"]),
        ("*/*_mask.tif", ["raw__b"]),
        ("**/*_img.tif", ["p1__s2__d", "raw__a", "raw__b", "top"]),
        ("p1/**/*.tif", ["e_img", "s2__d_img"]),
        ("raw/x*.tif", []),
    ],
)
def test_the_stars_are_the_name(tree, pattern, names):
    files = ("raw/a_img.tif", "raw/b_img.tif", "raw/c_img.png", "raw/b_mask.tif", "p1/s2/d_img.tif", "p1/e_img.tif")
    expected = names if "**/*_img" not in pattern else sorted([*names, "p1__e"])
    assert sorted(find_files(tree(*files, "top_img.tif"), pattern)) == expected


def test_a_name_that_is_repeated_by_its_folder_counts_once(tree):
    assert list(find_files(tree("n1/images/n1.png"), "*/images/*.png")) == ["n1"]


def test_names_are_equal_in_any_normal_form_of_unicode(tree):
    composed, decomposed = (unicodedata.normalize(form, "Zelle_ä") for form in ("NFC", "NFD"))
    root = tree(f"{decomposed}/{decomposed}.png")
    assert list(find_files(root, composed)) == list(find_files(root, f"{composed}/*.png")) == [composed]


def test_one_name_for_two_files_is_named(tree):
    (problem,) = doubled(find_files(tree("x/a.png", "x/a.ome.tif"), "x"))
    assert problem.endswith("a.png: the same name as " + str(next(iter(tree().glob("x/*.tif")))))


def test_a_folder_before_the_stars_must_exist(tree):
    with pytest.raises(FileNotFoundError, match="no such folder: .*nowhere"):
        find_files(tree("x/a.png"), "nowhere/*.png")


@pytest.mark.parametrize(
    ("there", "line"),
    [
        ((), "images: set root:$"),
        (("Bilder/a.png", "masks/a.png"), r"images: set it to one of the folders in .*, e\.g\. Bilder, masks$"),
        (("a.zarr/zarr.json",), r"images: for OME-Zarr, set class_path: seg\.data\.ome_zarr\.OmeZarr$"),
        (
            ("n1/images/a.png", "n1/masks/1.png"),
            r"but n1/images and the like: set class_path: .*ObjectFolders .*, else ",
        ),
    ],
)
def test_what_is_there_instead_of_a_missing_folder_is_told(tree, there, line):
    with pytest.raises(FileNotFoundError, match=line):
        find_files(tree(*there), "images")


def test_images_in_folders_below_the_one_that_was_named_are_told(tree):
    root = tree("raw/p1/a.png", "flat/notes.txt")
    assert describe_search(root, "raw").endswith('.jpeg; for those in folders below it, set "raw/**/*"')
    assert describe_search(root, "flat").endswith(".jpeg")
    assert list(find_files(root, "raw/**/*")) == ["p1__a"]


@pytest.mark.parametrize(
    ("images", "truths", "patterns"),
    [
        (["image_001", "image_002"], ["mask_001", "mask_002"], ("image_*", "mask_*")),
        (["a", "b"], ["a_mask", "b_mask"], ("*", "*_mask")),
        (["s1_img"], ["s1_seg"], ("s*_img", "s*_seg")),
        (["a_img"], ["b_seg"], None),
        (["a", "b"], ["c_mask", "d_mask"], None),
    ],
)
def test_patterns_are_suggested_where_they_pair_everything(images, truths, patterns):
    assert suggest_patterns({name: [] for name in images}, {name: [] for name in truths}) == patterns


def test_a_file_is_named_without_its_suffix(tmp_path):
    assert [name_of(tmp_path / name) for name in ("a.b.png", "a.ome.tiff")] == ["a.b", "a"]
