import pytest

from seg.data.sampling import EpochSampler, ImageSampler


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
