import numpy as np
import pytest
import torch

from seg.data.dataset import RandomCrops
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.sampling import EpochSampler, ImageSampler
from seg.data.scaling import IntensityScaling
from seg.data.split import BlockSplit


def steps(processes: int, epoch: int = 0) -> list[set]:
    """Return the crops of each step of an epoch of 3 steps, of all processes together."""
    batches = [set() for _ in range(3)]
    for rank in range(processes):
        sampler = EpochSampler(batch_size=4, steps=3, seed=7, rank=rank, processes=processes)
        sampler.set_epoch(epoch)
        keys, share = list(sampler), 4 // processes
        assert len(keys) == len(sampler) == 3 * share
        for step in range(3):
            batches[step] |= set(keys[step * share : (step + 1) * share])
    return batches


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_share_the_same_crops_of_each_step(processes):
    assert steps(processes) == steps(1)
    assert [len(step) for step in steps(processes)] == [4, 4, 4]
    assert steps(processes, epoch=1) == steps(1, epoch=1) != steps(1)


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    with pytest.raises(ValueError, match="batch_size 4 cannot be shared evenly by 3 devices"):
        EpochSampler(batch_size=4, steps=3, seed=0, rank=0, processes=3)


def test_processes_take_images_in_turn_and_each_has_one():
    assert [list(ImageSampler(5, rank, 2)) for rank in range(2)] == [[0, 2, 4], [1, 3]]
    assert [list(ImageSampler(1, rank, 3)) for rank in range(3)] == [[0], [0], [0]]
    assert list(ImageSampler(3)) == [0, 1, 2]


def rare(size: int = 200) -> Sample:
    """One pixel of boundary in a large image."""
    mask = np.zeros((size, size), np.bool_)
    mask[3, size - 5] = True
    return Sample("rare", np.where(mask, 255, 0).astype(np.uint8), mask)


def test_crops_around_the_boundary_hold_it_and_lie_anywhere_around_it():
    crops = RandomCrops([rare()], IntensityScaling(0, 100), 1, 16, [], seed=0, boundary_share=1.0)
    masks = [crops[0, index]["mask"][0] for index in range(60)]
    assert all(mask.sum() == 1 for mask in masks)
    assert {int(mask.nonzero()[0, 0]) for mask in masks} == {0, 1, 2, 3}
    assert {int(mask.nonzero()[0, 1]) for mask in masks} == set(range(11, 16))


def test_half_of_the_crops_are_drawn_around_the_boundary():
    crops = RandomCrops([rare()], IntensityScaling(0, 100), 1, 16, [], seed=0, boundary_share=0.5)
    hits = np.mean([crops[0, index]["mask"].any().item() for index in range(300)])
    assert hits == pytest.approx(0.5, abs=0.1)
    again = RandomCrops([rare()], IntensityScaling(0, 100), 1, 16, [], seed=0, boundary_share=0.5)
    assert all(torch.equal(crops[2, index]["mask"], again[2, index]["mask"]) for index in range(20))


def test_an_image_smaller_than_the_crop_is_padded_around_the_boundary_too():
    crops = RandomCrops([rare(10)], IntensityScaling(0, 100), 1, 16, [], seed=0, boundary_share=1.0)
    assert crops[0, 0]["mask"].shape == (1, 16, 16)
    assert crops[0, 0]["mask"].any()


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_outside_of_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match=r"boundary_share must be in \[0, 1\], got"):
        BoundaryDataModule([rare()], BlockSplit(1, 1), boundary_share=share)
