"""The outline of a cell: half-way between its pixels and the others."""

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from contourpy import FillType, LineType, contour_generator
from numpy.typing import NDArray
from scipy.ndimage import label

from seg.instances.labels import Labels, Mask
from seg.instances.regions import bands

#: Closed ring of (x, y) in pixels.
Ring = NDArray[np.float64]

#: Cells in larger boxes are traced in bands of rows: contourpy takes 30 bytes for each pixel that it sees.
LARGE_BOX_PIXELS = 1 << 21


def trace(inside: Mask) -> Iterable[list[Ring]]:
    """Return the parts of a cell, each an outer ring followed by its holes; parts that touch by a corner are two.

    Args:
        inside: (H, W); the center of its first pixel gets the coordinates (1, 1).
    """
    padded = np.pad(inside, 1)
    return _trace_in_bands(padded) if inside.size > LARGE_BOX_PIXELS else _trace_whole(padded)


def _trace_whole(inside: Mask) -> Iterator[list[Ring]]:
    filled: Any = _contours(inside).filled(0.5, 2)
    for points, offsets in zip(*filled, strict=True):
        yield [_corners(points[start:end]) for start, end in pairwise(offsets)]


def _trace_in_bands(inside: Mask) -> list[list[Ring]]:
    """Return the same polygons; rings may begin at another corner."""
    parts, count = label(inside)
    polygons: list[list[Ring]] = [[] for _ in range(count)]
    for ring in _join(_lines(parts)):
        polygon = polygons[_part_beside(ring, parts) - 1]
        polygon.insert(0 if _is_outer(ring) else len(polygon), ring)
    return polygons


def _contours(inside: Mask) -> Any:
    z = inside.astype(np.float64)
    return contour_generator(z=z, fill_type=FillType.OuterOffset, line_type=LineType.Separate)


def _lines(parts: Labels) -> Iterator[Ring]:
    """Yield the outlines in each band, with the inside on the same hand; those that leave it end at its edge."""
    for rows in bands(parts[:-1]):
        band = parts[rows.start : rows.stop + 1] > 0
        offset = np.array([0, rows.start])
        yield from (line + offset for line in _contours(band).lines(0.5))


def _join(lines: Iterable[Ring]) -> Iterator[Ring]:
    """Yield closed rings of lines that begin where others end."""
    open_lines: dict[tuple[float, float], Ring] = {}
    for line in lines:
        if (line[0] == line[-1]).all():
            yield _corners(line)
        else:
            open_lines[tuple(line[0])] = line
    while open_lines:
        start, line = open_lines.popitem()
        ring = [line]
        while (end := tuple(ring[-1][-1])) != start:
            ring.append(open_lines.pop(end))
        yield _corners(np.concatenate([ring[0], *(following[1:] for following in ring[1:])]))


def _part_beside(ring: Ring, parts: Labels) -> int:
    """Return the part whose outline a ring is: of the two pixels beside each point, one is in it and one in none."""
    x, y = ring[0]
    return int(parts[math.floor(y) : math.ceil(y) + 1, math.floor(x) : math.ceil(x) + 1].max())


def _is_outer(ring: Ring) -> bool:
    """Return whether a ring runs around its part, by the sign of its area; around holes it runs the other way."""
    x, y = (ring - ring[0]).T
    return bool(x[:-1] @ y[1:] > x[1:] @ y[:-1])


def _corners(ring: Ring) -> Ring:
    """Return a ring without the points that lie on a straight line between their neighbors."""
    steps = np.diff(ring, axis=0)
    turns = (steps != np.roll(steps, 1, axis=0)).any(axis=1)
    corners = ring[:-1][turns]
    return np.concatenate([corners, corners[:1]])
