import pytest

from seg.data.split import BlockSplit, GroupSplit

NAMES = [f"{index:02d}" for index in range(30)]


def test_blocks_are_contiguous_in_the_order_of_the_source():
    split = BlockSplit(val=5, test=5).assign(NAMES)
    assert (split.train, split.val, split.test) == (list(range(20)), list(range(20, 25)), list(range(25, 30)))


def test_a_gap_is_left_out_between_blocks():
    split = BlockSplit(val=5, test=5, gap=2).assign(NAMES)
    assert (split.train, split.val, split.test) == (list(range(16)), list(range(18, 23)), list(range(25, 30)))


def test_a_block_split_of_too_few_images_says_how_many_it_needs():
    with pytest.raises(ValueError, match="needs at least 15 images, the source has 14"):
        BlockSplit(val=5, test=5, gap=2).assign(NAMES[:14])


def test_every_image_is_in_exactly_one_split():
    split = GroupSplit(seed=4).assign(NAMES)
    assert sorted(split.train + split.val + split.test) == list(range(30))
    assert (len(split.val), len(split.test)) == (6, 6)


def test_a_group_is_never_torn_apart():
    names = [f"p{patient}_{picture}" for patient in range(10) for picture in range(5)]
    split = GroupSplit(group=r"^(p\d+)_", seed=1).assign(names)
    patients = [{names[index].split("_")[0] for index in part} for part in (split.train, split.val, split.test)]
    assert sum(map(len, patients)) == 10
    assert len(set.union(*patients)) == 10


def test_the_seed_decides_the_draw_and_repeats_it():
    assert GroupSplit(seed=1).assign(NAMES) == GroupSplit(seed=1).assign(NAMES)
    assert GroupSplit(seed=1).assign(NAMES) != GroupSplit(seed=2).assign(NAMES)


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda: BlockSplit(val=0, test=5), "val >= 1, test >= 1 and gap >= 0, got 0, 5 and 0"),
        (lambda: GroupSplit(val_share=0.6, test_share=0.4), "shares must be > 0 with a sum < 1"),
        (lambda: GroupSplit(group="("), "is not a regular expression"),
        (lambda: GroupSplit(group="p"), "needs parentheses"),
        (
            lambda: GroupSplit(group="x(.)").assign(NAMES),
            r"does not match the name '00': set group: in the split, e\.g\. \(\.\*\)$",
        ),
        (lambda: GroupSplit(group="x(.)").assign(["p__1"]), r"set group: in the split, e\.g\. \^\(\.\*\?\)__$"),
        (lambda: GroupSplit().assign(["a", "b"]), "at least 3 groups"),
    ],
)
def test_unfit_rules_are_refused(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()


def test_a_block_split_says_that_its_images_are_neighboring_sections_of_one_volume():
    split = BlockSplit(val=1, test=1)
    assert split.serial
    assert len(set(split.groups(NAMES))) == 1


def test_a_group_split_tells_the_group_of_each_image():
    split = GroupSplit(group="^(.*)_")
    assert not split.serial
    assert split.groups(["p1_0", "p2_0", "p1_1"]) == ["p1", "p2", "p1"]
