"""Operations on label images: sizes, contacts, holes."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from edt import edt
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from seg.instances.labels import Box, Labels, Mask

_BAND_PX = 256


class Readable(Protocol):
    """An array, or what reads parts of one from a disk when they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width, and the number of channels where there are such."""

    def __getitem__(self, window: Any, /) -> NDArray[Any]:
        """Return some rows, or rows and columns, in memory."""


def connected_regions(mask: Mask, min_size_px: int = 1) -> Labels:
    """Return the 4-connected regions of a mask, numbered from 1.

    Args:
        mask: (H, W).
        min_size_px: smaller regions are left out.
    """
    regions, _ = label(mask)
    return drop_small(regions, min_size_px) if min_size_px > 1 else regions


def distance_to_edge(mask: Mask) -> NDArray[np.float32]:
    """Return the distance of each pixel of a mask to the nearest one outside of it, in pixels; 0 outside.

    Args:
        mask: (H, W). If nothing is outside of it, all distances are its diagonal.
    """
    distance: NDArray[np.float32] = edt(mask, parallel=1)
    return np.minimum(distance, np.float32(np.hypot(*mask.shape)), out=distance)


def drop_small(labels: Labels, min_size_px: int) -> Labels:
    """Return the labels of at least `min_size_px` pixels, numbered from 1 without gaps.

    Args:
        labels: (H, W), 0 is background.
        min_size_px: at least 1.
    """
    sizes = count_pixels(labels)
    kept = sizes >= max(min_size_px, 1)
    kept[0] = False
    return renumber(labels, kept)


def renumber(labels: Labels, kept: Mask) -> Labels:
    """Return the labels that are kept, numbered from 1 without gaps.

    Args:
        labels: of any shape.
        kept: one flag per label from 0 on.
    """
    return relabel(labels, (np.cumsum(kept) * kept).astype(np.int32))


def relabel(labels: Labels, numbers: NDArray[np.int32]) -> Labels:
    """Return the labels with each one exchanged for its number.

    Args:
        labels: of any shape.
        numbers: one per label from 0 on.
    """
    relabelled = np.empty(labels.shape, np.int32)
    for band in bands(labels):
        relabelled[band] = numbers[labels[band]]
    return relabelled


def count_pixels(labels: Readable) -> NDArray[np.int64]:
    """Return the number of pixels of each label, from 0 on."""
    sizes = np.zeros(1, np.int64)
    for band in bands(labels):
        found = np.bincount(labels[band].ravel(), minlength=len(sizes))
        found[: len(sizes)] += sizes
        sizes = found
    return sizes


def find_boxes(labels: Readable) -> dict[int, Box]:
    """Return the rows and columns that each label takes, in the order of the labels.

    Args:
        labels: (H, W), 0 is background.
    """
    boxes: dict[int, Box] = {}
    for band in bands(labels):
        for number, found in enumerate(find_objects(labels[band]), start=1):
            if found is not None:
                box = slice(found[0].start + band.start, found[0].stop + band.start), found[1]
                boxes[number] = _around(boxes[number], box) if number in boxes else box
    return dict(sorted(boxes.items()))


def _around(one: Box, other: Box) -> Box:
    """Return the box around two boxes."""
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def bands(labels: Readable) -> Iterator[slice]:
    """Yield rows to be worked on at a time: NumPy takes 8 bytes for each label that it counts or looks up."""
    height = labels.shape[0]
    return (slice(start, min(start + _BAND_PX, height)) for start in range(0, height, _BAND_PX))


class Contacts:
    """Pairs of regions that touch by a side, each once, with a sum over the pixels where they do.

    Args:
        labels: (H, W), from 0 on.
        heights: (H, W), e.g. probabilities of a boundary; a contact of two pixels is as high as the higher one.

    Attributes:
        first, second: labels of each pair, the smaller one first.
        lengths: number of contacts of the pair.
        totals: sum of their heights.
        lowest: the lowest of them.
    """

    def __init__(self, labels: Labels, heights: Readable) -> None:
        base = int(labels.max()) + 1
        found = [_pool(*_touching(labels, heights, *parts, base)) for parts in _beside(labels)]
        pairs, self.lengths, self.totals, self.lowest = _pool(*map(np.concatenate, zip(*found, strict=True)))
        self.first, self.second = pairs // base, pairs % base


def _touching(labels: Labels, heights: Readable, one: Any, other: Any, base: int) -> tuple[NDArray[Any], ...]:
    """Return pair, length, total and lowest height of each contact of two pixels."""
    differ = labels[one] != labels[other]
    a, b = labels[one][differ].astype(np.int64), labels[other][differ].astype(np.int64)
    values = np.maximum(heights[one][differ], heights[other][differ])
    return np.minimum(a, b) * base + np.maximum(a, b), np.ones(len(a), np.int64), values, values


def _pool(
    pairs: NDArray[np.int64], lengths: NDArray[np.int64], totals: NDArray[Any], lowest: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Return each pair once, with the sums of lengths and totals and the lowest height of its contacts."""
    each, inverse = np.unique(pairs, return_inverse=True)
    least = np.full(len(each), np.inf)
    np.minimum.at(least, inverse, lowest)
    length, total = (np.bincount(inverse, weights=values, minlength=len(each)) for values in (lengths, totals))
    return each, length.astype(np.int64), total, least


def _beside(labels: Labels) -> Iterator[tuple[Any, Any]]:
    """Yield pairs of parts of equal shape: each pixel of the one is the left or upper neighbor of the other's."""
    for rows in bands(labels):
        yield np.s_[rows, :-1], np.s_[rows, 1:]
        below = slice(rows.start + 1, min(rows.stop + 1, len(labels)))
        yield slice(rows.start, below.stop - 1), below


def fill_holes(labels: Labels) -> Labels:
    """Return the labels with each stretch of background that one cell alone encloses given to that cell.

    Args:
        labels: (H, W), 0 is background; they become the answer. What touches the picture's edge is no hole.
    """
    combined, count = label(labels == 0)
    cells = int(labels.max())
    for rows in bands(labels):
        combined[rows] += np.int32(cells)
        np.copyto(combined[rows], labels[rows], where=labels[rows] > 0)
    contacts = Contacts(combined, np.broadcast_to(np.float32(0), labels.shape))
    of_background = contacts.second > cells
    holes = contacts.second[of_background]
    owner = np.zeros(cells + count + 1, np.int32)
    owner[holes] = contacts.first[of_background]
    owner[np.bincount(holes, minlength=len(owner)) != 1] = 0
    for edge in (combined[0], combined[-1], combined[:, 0], combined[:, -1]):
        owner[edge] = 0
    owner[: cells + 1] = np.arange(cells + 1)
    for rows in bands(labels):
        labels[rows] = owner[combined[rows]]
    return labels
