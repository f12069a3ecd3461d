"""The shape of a cell whose box is large, measured in bands of rows: scikit-image takes 50 bytes per pixel of it."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, convolve
from scipy.spatial import ConvexHull
from skimage.measure import inertia_tensor, inertia_tensor_eigvals

from seg.instances.labels import Box, Mask
from seg.instances.regions import Readable, bands

#: Codes of a pixel of the rim by its neighbors, and the length that it adds, as `skimage.measure.perimeter` has them.
_CODES = np.array([[10, 2, 10], [2, 1, 2], [10, 2, 10]])
_LENGTHS = np.zeros(50)
_LENGTHS[[5, 7, 15, 17, 25, 27]] = 1
_LENGTHS[[21, 33]] = math.sqrt(2)
_LENGTHS[[13, 23]] = (1 + math.sqrt(2)) / 2

#: Rows beside a band that decide on the rim in it.
_RIM_PX = 2

#: A pixel is represented by the middles of its sides.
_SIDES = np.array([(-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5)])

#: Less than any distance between a hull's edge and a pixel that is not on it.
_ON_EDGE_PX = 1e-7


class LargeCell:
    """One cell, with the attributes of the same names of scikit-image's regions.

    Args:
        labels: (H, W), of a picture; only rows of the box are taken at a time.
        box: rows and columns of the cell.
        label: of the cell.
    """

    def __init__(self, labels: Readable, box: Box, label: int) -> None:
        self._labels, self._box, self._label = labels, box, label
        self._count()

    def _count(self) -> None:
        """Count the pixels of each row and column, and find the first and the last of each row."""
        height, width = (part.stop - part.start for part in self._box)
        self._rows, self._first, self._last = (np.zeros(height, np.int64) for _ in range(3))
        self._columns = np.zeros(width, np.int64)
        for rows in bands(self._rows):
            inside = self._inside(rows)
            self._rows[rows] = inside.sum(axis=1)
            self._columns += inside.sum(axis=0)
            self._first[rows] = inside.argmax(axis=1)
            self._last[rows] = width - 1 - inside[:, ::-1].argmax(axis=1)

    def _inside(self, rows: slice) -> Mask:
        """Return where the cell is in rows of its box."""
        down, columns = self._box
        found = self._labels[down.start + rows.start : min(down.start + rows.stop, down.stop), columns]
        inside: Mask = found == self._label
        return inside

    @cached_property
    def area(self) -> float:
        """Pixels."""
        return float(self._rows.sum())

    @cached_property
    def centroid(self) -> tuple[float, float]:
        """Row and column in the box."""
        rows, columns = (float(counts @ np.arange(len(counts))) for counts in (self._rows, self._columns))
        return rows / self.area, columns / self.area

    @cached_property
    def _tensor(self) -> NDArray[np.float64]:
        row, column = self.centroid
        down, right = np.arange(len(self._rows)) - row, np.arange(len(self._columns)) - column
        moments = np.zeros((3, 3))
        moments[0, 0] = self.area
        moments[2, 0], moments[0, 2] = self._rows @ down**2, self._columns @ right**2
        moments[1, 1] = sum(down[rows] @ (self._inside(rows) @ right) for rows in bands(self._rows))
        tensor: NDArray[np.float64] = inertia_tensor(np.empty((0, 0)), moments)
        return tensor

    @cached_property
    def _axes(self) -> tuple[float, float]:
        larger, smaller = inertia_tensor_eigvals(np.empty((0, 0)), T=self._tensor)
        return float(larger), float(smaller)

    @property
    def axis_major_length(self) -> float:
        """Of the ellipse with the same second moments."""
        return 4 * math.sqrt(self._axes[0])

    @property
    def axis_minor_length(self) -> float:
        """Of the ellipse with the same second moments."""
        return 4 * math.sqrt(self._axes[1])

    @property
    def eccentricity(self) -> float:
        """Of that ellipse, in [0, 1)."""
        larger, smaller = self._axes
        return math.sqrt(1 - smaller / larger)

    @property
    def orientation(self) -> float:
        """Angle between the rows' axis and the major axis, from -pi/2 to pi/2."""
        a, b, _, c = self._tensor.flat
        if a == c:
            return math.copysign(math.pi / 4, -b) if b else -math.pi / 4
        return 0.5 * math.atan2(-2 * b, c - a)

    @property
    def perimeter(self) -> float:
        """Length of the line through the middles of the pixels of its rim."""
        counts = np.zeros(len(_LENGTHS), np.int64)
        for rows in bands(self._rows):
            top = max(rows.start - _RIM_PX, 0)
            codes = _codes(self._inside(slice(top, rows.stop + _RIM_PX)))
            counts += np.bincount(codes[rows.start - top : rows.stop - top].ravel(), minlength=len(counts))
        return float(counts @ _LENGTHS)

    @property
    def solidity(self) -> float:
        """Share of the cell in the pixels of its convex hull."""
        used = np.flatnonzero(self._rows)
        middles = [np.stack([used, columns[used]], axis=1) for columns in (self._first, self._last)]
        return self.area / _count_in_hull(np.concatenate(middles), len(self._rows))


def _codes(inside: Mask) -> NDArray[np.uint8]:
    """Return the code of each pixel of the rim, 0 or an even one beside it."""
    rim = (inside & ~binary_erosion(inside)).astype(np.uint8)
    codes: NDArray[np.uint8] = convolve(rim, _CODES, mode="constant")
    return codes


def _count_in_hull(middles: NDArray[np.int64], height: int) -> int:
    """Return the pixels of rows 0 to `height` whose middle is in the convex hull of pixels (N, 2)."""
    hull = ConvexHull((middles[:, None] + _SIDES).reshape(-1, 2))
    left, right = np.full(height, np.inf), np.full(height, -np.inf)
    for ends in hull.points[hull.simplices]:
        (above, start), (below, end) = sorted(ends.tolist())
        rows = np.arange(math.ceil(above), math.floor(below) + 1)
        edge = np.interp(rows, [above, below], [start, end])
        left[rows], right[rows] = np.minimum(left[rows], edge), np.maximum(right[rows], edge)
    return int((np.floor(right + _ON_EDGE_PX) - np.ceil(left - _ON_EDGE_PX) + 1).sum())
