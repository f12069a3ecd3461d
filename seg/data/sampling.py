"""Which crops and images each process of a training sees; one process sees all."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import DistributedSampler

CropKey = tuple[int, int]


class EpochSampler(DistributedSampler[CropKey]):
    """The crops of an epoch in an order drawn from (seed, epoch); Lightning sets the epoch.

    The crops of step n are the same for any number of processes: each takes its share of them.

    Args:
        batch_size: crops per step, of all processes together.
        steps: per epoch.
        seed: of the run.
        rank: number of the process.
        processes: how many there are.

    Raises:
        ValueError: the processes cannot share a batch evenly.
    """

    def __init__(self, batch_size: int, steps: int, seed: int, rank: int = 0, processes: int = 1) -> None:
        if batch_size % processes:
            raise ValueError(
                f"batch_size {batch_size} cannot be shared evenly by {processes} devices: choose a multiple of "
                f"{processes}, or --trainer.devices 1"
            )
        super().__init__(range(batch_size * steps), processes, rank, seed=seed)  # type: ignore[arg-type]  # has a length
        self.batch_size, self.steps = batch_size, steps

    def __len__(self) -> int:
        return self.batch_size * self.steps // self.num_replicas

    def __iter__(self) -> Iterator[CropKey]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.batch_size * self.steps)
        share = order.reshape(self.steps, self.num_replicas, -1)[:, self.rank]
        return ((self.epoch, int(index)) for index in share.ravel())


class ImageSampler(DistributedSampler[int]):
    """The images r, r + n, r + 2n ... for process r of n; a process without an image of its own sees another's.

    Args:
        images: number of images, of all processes together.
        rank: number of the process.
        processes: how many there are.
    """

    def __init__(self, images: int, rank: int = 0, processes: int = 1) -> None:
        super().__init__(range(images), processes, rank, shuffle=False)  # type: ignore[arg-type]  # has a length
        self.indices = list(range(rank, images, processes)) or [rank % images]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)
