import pytest

from seg.data.folds import FoldSplit
from seg.data.split import BlockSplit, GroupSplit
from seg.data.stack_split import StackSplit

NAMES = [f"{index:02d}" for index in range(30)]
PATIENTS = [f"p{patient}_{picture}" for patient in range(7) for picture in range(3)]


def assigned(split, names=NAMES, folds=5):
    return [FoldSplit(split, folds, fold).assign(names) for fold in range(folds)]


@pytest.mark.parametrize("split", [BlockSplit(val=5, test=5), GroupSplit()])
def test_each_image_is_tested_once_and_validated_once(split):
    parts = assigned(split)
    assert sorted(index for part in parts for index in part.test) == list(range(30))
    assert sorted(index for part in parts for index in part.val) == list(range(30))
    for part in parts:
        assert sorted(part.train + part.val + part.test) == list(range(30))


def test_sections_are_cut_into_blocks_and_the_block_after_the_test_is_validation():
    first, *_, last = assigned(BlockSplit(val=1, test=1))
    assert (first.test, first.val, first.train) == (list(range(6)), list(range(6, 12)), list(range(12, 30)))
    assert (last.test, last.val, last.train) == (list(range(24, 30)), list(range(6)), list(range(6, 24)))


def test_a_gap_is_left_out_around_test_and_validation():
    first, second, *_ = assigned(BlockSplit(val=1, test=1, gap=2))
    assert (first.test, first.val, first.train) == (list(range(6)), list(range(8, 12)), list(range(14, 30)))
    assert second.test == list(range(6, 12))
    assert second.train == [0, 1, 2, 3, *range(20, 30)]


def test_each_stack_has_a_block_in_each_fold():
    names = [f"{stack}-{section}" for stack in "ab" for section in range(6)]
    first = FoldSplit(StackSplit(val=1, test=1, gap=0), 3, 0)
    assert first.assign(names).test == [0, 1, 6, 7]
    assert first.groups(names) == ["a"] * 6 + ["b"] * 6
    assert first.serial


def test_a_group_is_never_torn_apart():
    parts = assigned(GroupSplit(group=r"^(p\d+)_", seed=1), PATIENTS)
    tested = [{PATIENTS[index].split("_")[0] for index in part.test} for part in parts]
    assert sum(map(len, tested)) == 7
    assert {len(patients) for patients in tested} == {1, 2}
    assert all(len(part.test) == 3 * len(patients) for part, patients in zip(parts, tested, strict=True))


def test_the_seed_of_the_split_deals_the_groups():
    assert assigned(GroupSplit(seed=1)) == assigned(GroupSplit(seed=1))
    assert assigned(GroupSplit(seed=1)) != assigned(GroupSplit(seed=2))


@pytest.mark.parametrize(
    ("split", "names", "folds", "words"),
    [
        (GroupSplit(), NAMES, 2, "it takes >= 3 folds, numbered from 0, got fold 0 of 2"),
        (GroupSplit(group=r"^(p\d+)_"), PATIENTS, 8, "8 folds need as many groups, found 7"),
        (BlockSplit(val=1, test=1), NAMES[:4], 5, "5 folds need as many sections, 'volume' has 4"),
        (BlockSplit(val=1, test=1, gap=9), NAMES, 5, "30 images are too few for 5 folds: choose fewer"),
    ],
)
def test_too_few_images_or_folds_are_refused(split, names, folds, words):
    with pytest.raises(ValueError, match=words):
        FoldSplit(split, folds, 0).assign(names)


def test_a_fold_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="got fold 5 of 5"):
        FoldSplit(GroupSplit(), 5, 5)
