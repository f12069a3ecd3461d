"""Validation and test take images whole; of large ones they take windows."""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from seg.data.sample import Sample, Window
from seg.data.sample_window import SampleWindow

#: Pixels of the largest image that is taken whole: the network takes about 150 bytes for each.
_WHOLE_PIXELS = 1 << 24

#: Side of a window, and how many are taken of an image at most: together as many pixels.
_SIDE_PX, _COUNT = 1024, 16


def scored_samples(samples: Iterable[Sample]) -> list[Sample]:
    """Return what validation or test takes: images as they are, and windows of large ones.

    Of an image of more than 2^24 pixels these are up to 16 windows of 1024 x 1024 pixels, spread evenly over the part
    of it that is annotated.

    Args:
        samples: of the split.
    """
    return [each for sample in samples for each in (_windows_of(sample) if _is_large(sample) else [sample])]


def _is_large(sample: Sample) -> bool:
    return sample.shape[0] * sample.shape[1] > _WHOLE_PIXELS


def _windows_of(sample: Sample) -> list[SampleWindow]:
    """Return windows with annotated pixels, the same ones each time."""
    windows = [
        SampleWindow(sample, part, f"{sample.name}-y{part[0].start:05}-x{part[1].start:05}")
        for part in _grid(sample.shape)
    ]
    if sample.partly:
        windows = [window for window in windows if window.count("annotated")]
    chosen = np.linspace(0, len(windows) - 1, min(_COUNT, len(windows))).round().astype(int)
    return [windows[number] for number in chosen]


def _grid(shape: tuple[int, ...]) -> Iterator[Window]:
    """Yield windows that cover a picture, row by row."""
    rows, columns = (list(_sides(length)) for length in shape[:2])
    return ((down, right) for down in rows for right in columns)


def _sides(length: int) -> Iterator[slice]:
    """Yield windows of one dimension that cover it and overlap as little as they can."""
    side = min(_SIDE_PX, length)
    for start in np.linspace(0, length - side, math.ceil(length / side)).round().astype(int):
        yield slice(int(start), int(start) + side)
