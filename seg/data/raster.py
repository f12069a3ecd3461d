"""Pictures on a disk that are read window by window."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
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
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

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

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window."""
        parts = (self._planes.pick(section.read(rows, columns)) for section in self._sections)
        return self._planes.shaped(project(parts, self._planes.projection))
