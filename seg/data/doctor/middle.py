"""Images too large for the memory are examined in their middle."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seg.data.doctor.finding import Finding, some, warn
from seg.data.lazy_sample import LazySample
from seg.data.sample import Sample, Window
from seg.data.windowed_sample import WindowedSample

#: Largest side of the part that is examined, in pixels.
SIDE_PX = 2048


class MiddlePart(LazySample):
    """The middle of a sample, which is read whenever it is needed; its boundary share is that of the whole.

    Args:
        original: the whole.
        side_px: largest side of the part.
    """

    original: Sample
    _window: Window

    def __init__(self, original: Sample, side_px: int) -> None:
        rows, columns = (_middle(length, side_px) for length in original.shape[:2])
        same = {name: getattr(original, name) for name in ("name", "thickness_px", "pixel")}
        vars(self).update(same, original=original, _window=(rows, columns))

    def whole(self) -> Sample:
        """Return the part in memory."""
        return self.original.window(self._window)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the part."""
        return (*(side.stop - side.start for side in self._window), *self.original.shape[2:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the image."""
        return self.original.dtype

    @property
    def boundary_share(self) -> float:
        """Share of all annotated pixels that are boundary."""
        return self.original.boundary_share


def seen_of(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples as they are examined: those that are read window by window in their middle."""
    return [MiddlePart(sample, SIDE_PX) if isinstance(sample, WindowedSample) else sample for sample in samples]


def whole_shape(sample: Sample) -> tuple[int, ...]:
    """Return the shape of the whole image."""
    return sample.original.shape if isinstance(sample, MiddlePart) else sample.shape


def check_parts(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Say which images were examined in parts."""
    parts = [sample for sample in samples if isinstance(sample, MiddlePart)]
    named = [f"{part.name} ({_size(part.original.shape)}, of which {_size(part.shape)})" for part in parts]
    if named:
        yield warn(
            "large images",
            f"but for their boundary share, size and exact copies, examined in their middle alone: {some(named)}",
        )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"


def _middle(length: int, most: int) -> slice:
    start = max(length - most, 0) // 2
    return slice(start, start + min(length, most))
