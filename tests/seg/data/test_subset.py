"""Trainings with few images."""

from itertools import pairwise

import pytest

from seg.data.module import BoundaryDataModule
from seg.data.split import BlockSplit
from seg.data.subset import nested_subset
from seg.data.synthetic import SyntheticCells


def test_a_smaller_subset_is_part_of_every_larger_one():
    images = list(range(10, 30))
    for seed in range(5):
        subsets = [set(nested_subset(images, count, seed)) for count in range(1, 21)]
        assert [len(subset) for subset in subsets] == list(range(1, 21))
        assert all(small < large for small, large in pairwise(subsets))
    assert nested_subset(images, 20, 3) == images


def test_another_seed_draws_others_and_none_keeps_all():
    images = list(range(20))
    assert len({tuple(nested_subset(images, 3, seed)) for seed in range(8)}) > 1
    assert nested_subset(images, None, 0) == images


def module(train_images, seed=0):
    data = BoundaryDataModule(
        SyntheticCells(count=6, size_px=32, cell_diameter_px=12.0),
        BlockSplit(val=1, test=1),
        crop_px=16,
        train_images=train_images,
        seed=seed,
    )
    data.setup("fit")
    return data


def test_a_limited_training_is_of_the_same_data_and_sees_its_subset_alone():
    few, every = module(2), module(None)
    assert few.describe()["fingerprint"] == every.describe()["fingerprint"]
    assert len(few.describe()["train"]) == 2
    assert set(few.describe()["train"]) < set(every.describe()["train"])
    assert few.describe()["test"] == every.describe()["test"]
    assert [sample.name for sample in few.train_dataloader().dataset.samples] == few.describe()["train"]


@pytest.mark.parametrize("count", [0, 5])
def test_a_number_that_the_data_do_not_have_is_refused(count):
    with pytest.raises(ValueError, match=f"from 1 to the number of training images, 4, got {count}"):
        module(count)
