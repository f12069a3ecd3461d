"""Percentiles of images that are too large for the memory, exactly as NumPy computes them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def stream_percentiles(parts: Iterable[NDArray[Any]], count: int, percentiles: Sequence[float]) -> NDArray[Any]:
    """Return percentiles of all values, as `numpy.percentile` does; only the values beyond them are kept in memory.

    Args:
        parts: of any shape, of one type; together they are the image.
        count: of all values.
        percentiles: in percent, in [0, 100].
    """
    tails = [_Tail(percentile, count) for percentile in percentiles]
    for part in parts:
        for tail in tails:
            tail.add(part.ravel())
    return np.array([tail.value() for tail in tails])


class _Tail:
    """The values up to a percentile, or from it on, whichever are fewer.

    Args:
        percentile: in percent.
        count: of all values.
    """

    def __init__(self, percentile: float, count: int) -> None:
        place = percentile / 100 * (count - 1)
        self.below = min(math.floor(place), count - 1)
        self.fraction = place - self.below
        self.low = 2 * self.below <= count
        self.size = min(self.below + 2, count) if self.low else count - self.below
        self.kept: NDArray[Any] | None = None

    def add(self, values: NDArray[Any]) -> None:
        """Take the values of a further part."""
        if self.kept is not None and len(self.kept) == self.size:
            values = values[values < self.kept.max() if self.low else values > self.kept.min()]
        kept = values if self.kept is None else np.concatenate([self.kept, values])
        if len(kept) > self.size:
            place = self.size - 1 if self.low else len(kept) - self.size
            kept = np.partition(kept, place)
            kept = kept[: self.size] if self.low else kept[-self.size :]
        self.kept = kept.copy()

    def value(self) -> Any:
        """Return the percentile."""
        if self.kept is None:
            raise ValueError("an image has at least one pixel")
        neighbors = np.sort(self.kept)[-2:] if self.low else np.sort(self.kept)[:2]
        if self.low and self.size < self.below + 2:  # the last of all values
            neighbors = neighbors[-1:]
        return np.quantile(neighbors, [self.fraction])[0] if len(neighbors) > 1 else neighbors[0]
