"""One part of a large image: what a worker, on this machine or another, needs to predict it."""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seg.dask_cluster import connect
from seg.data.sample import Sample
from seg.data.scaling import Limits, match_channels, normalize, scale
from seg.inference.engine import AveragedEngine, Engine
from seg.inference.export import fastest_engine
from seg.inference.tiling import Tile, answer_tile
from seg.model.module import BoundaryModule

Answer = NDArray[np.float32]


@dataclass(frozen=True)
class TileTask:
    """A tile of an image.

    Attributes:
        checkpoint: of the model; workers read it under the same path.
        tta: average over flips and turns.
        sample: the image.
        limits: intensities that map to 0 and 1.
        channels: of the network's input.
        tile: of the image.
    """

    checkpoint: str
    tta: bool
    sample: Sample
    limits: Limits
    channels: int
    tile: Tile

    def answer(self) -> Answer:
        """Return the probabilities of what is kept of the tile, (K, h, w)."""
        return self.answer_with(load_engine(self.checkpoint, self.tta))

    def answer_with(self, engine: Engine) -> Answer:
        """Return the same by an engine that is loaded already."""

        def source(rows: slice, columns: slice) -> NDArray[np.float32]:
            height, width = self.sample.shape[:2]
            window = slice(rows.start, min(rows.stop, height)), slice(columns.start, min(columns.stop, width))
            return normalize(scale(match_channels(self.sample.window(window).image, self.channels), self.limits))

        return answer_tile(source, engine, self.tile)


def load_model(checkpoint: str) -> BoundaryModule:
    """Return the model of a checkpoint."""
    return BoundaryModule.load_from_checkpoint(checkpoint)


@functools.lru_cache(maxsize=1)
def load_engine(checkpoint: str, tta: bool) -> Engine:
    """Return the fastest engine for a checkpoint on this machine.

    Args:
        checkpoint: of the model.
        tta: average over flips and turns.
    """
    model = load_model(checkpoint)
    engine = fastest_engine(model.network, model.network_config.in_channels, model.threshold.item())
    return AveragedEngine(engine) if tta else engine


def release_engine() -> None:
    """Give the memory of the engine back, about 600 MB after tiles of 2112 pixels; the next task loads it again."""
    load_engine.cache_clear()


def answer_here(tasks: Iterable[TileTask]) -> Iterator[Answer]:
    """Yield the answers to tasks, in their order, on this machine."""
    return (task.answer() for task in tasks)


def answer_on_cluster(scheduler: str) -> Callable[[Iterable[TileTask]], Iterator[Answer]]:
    """Return what answers tasks, in their order, on the workers of a Dask cluster.

    As many tasks as twice the threads of the workers are on their way at a time, so that the memory stays bounded.

    Args:
        scheduler: address, e.g. tcp://host:8786. Workers must reach checkpoint and images under the same paths.

    Raises:
        ImportError: `distributed` is not installed.
        ConnectionError: no scheduler answers there.
    """
    client = connect(scheduler)

    def answer(tasks: Iterable[TileTask]) -> Iterator[Answer]:
        waiting: deque[object] = deque()
        for task in tasks:
            waiting.append(client.submit(TileTask.answer, task, pure=False))
            if len(waiting) >= 2 * max(1, sum(client.nthreads().values())):
                yield waiting.popleft().result()  # type: ignore[attr-defined]
        while waiting:
            yield waiting.popleft().result()  # type: ignore[attr-defined]

    return answer
