"""Pictures on a disk that are read window by window."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.planes import Planes
from seg.data.projection import project


class Raster(ABC):
    """A picture on a disk.

    Attributes:
        shape: (H, W) or (H, W, C).
        dtype: of the samples.
        block: (rows, columns) that are decoded together, from the upper left corner on; None where a window is read as
            it is.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    block: tuple[int, int] | None = None

    @abstractmethod
    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window.

        Args:
            rows: with both ends, in pixels within the picture.
            columns: likewise.
        """

    @property
    def nbytes(self) -> int:
        """Size of the decoded picture, in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read_all(self) -> NDArray[Any]:
        """Return the whole picture."""
        return self.read(slice(0, self.shape[0]), slice(0, self.shape[1]))


class PlanesRaster(Raster):
    """The channels of some sections as the channels of one picture, (H, W, C).

    Args:
        sections: pictures of one size and type, in the order of the result.
        planes: channels to take of each.

    Raises:
        ValueError: the sections differ, or lack the channels.
    """

    def __init__(self, sections: Sequence[Raster], planes: Planes) -> None:
        if len({(section.shape, section.dtype) for section in sections}) > 1:
            raise ValueError("the channels or sections of the image have different sizes or types")
        self._sections, self._planes = sections, planes
        first = sections[0]
        channels = planes.pick(np.empty((0, 0, *first.shape[2:]), first.dtype)).shape[2]  # refuses missing ones
        self.shape, self.dtype = (*first.shape[:2], channels * len(sections)), first.dtype
        self.block = first.block

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window."""
        parts = [self._planes.pick(section.read(rows, columns)) for section in self._sections]
        return np.concatenate(parts, axis=2)


class ProjectionRaster(Raster):
    """The largest values, or the mean, of some sections: (H, W, C), or (H, W) of grey ones.

    Args:
        sections: pictures of one size and type.
        planes: channels to take of each, and the projection.

    Raises:
        ValueError: the sections lack the channels.
    """

    def __init__(self, sections: Sequence[Raster], planes: Planes) -> None:
        self._sections, self._planes, first = sections, planes, sections[0]
        every = planes.pick(np.empty((0, 0, *first.shape[2:]), first.dtype))  # refuses missing channels
        self.shape, self.dtype = (*first.shape[:2], *planes.shaped(every).shape[2:]), first.dtype
        self.block = first.block

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window."""
        parts = (self._planes.pick(section.read(rows, columns)) for section in self._sections)
        return self._planes.shaped(project(parts, self._planes.projection))


def read_blocks(
    raster: Raster, window: tuple[slice, slice], read: Callable[[slice, slice], NDArray[Any]]
) -> NDArray[Any]:
    """Return a window, put together from the blocks that it touches.

    Args:
        raster: has blocks.
        window: rows and columns.
        read: returns the block of these rows and columns, as far as it is within the picture.
    """
    (rows, columns), sides = window, raster.block or raster.shape[:2]
    put = np.empty((rows.stop - rows.start, columns.stop - columns.start, *raster.shape[2:]), raster.dtype)
    for down in _blocks(rows, sides[0], raster.shape[0]):
        for right in _blocks(columns, sides[1], raster.shape[1]):
            here = _overlap(rows, down), _overlap(columns, right)
            inner = _moved(here[0], down.start), _moved(here[1], right.start)
            put[_moved(here[0], rows.start), _moved(here[1], columns.start)] = read(down, right)[inner]
    return put


def _blocks(window: slice, side: int, length: int) -> list[slice]:
    """Return the blocks of one dimension that a window touches."""
    starts = range(window.start // side * side, window.stop, side)
    return [slice(start, min(start + side, length)) for start in starts]


def _overlap(window: slice, block: slice) -> slice:
    return slice(max(window.start, block.start), min(window.stop, block.stop))


def _moved(part: slice, origin: int) -> slice:
    return slice(part.start - origin, part.stop - origin)
