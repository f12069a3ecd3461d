"""Types of label images, and how a large one is changed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

#: (H, W), 0 is background.
Labels = NDArray[np.int32]
#: (H, W).
Mask = NDArray[np.bool_]
#: Rows and columns.
Box = tuple[slice, slice]

#: Side of the square that is changed at a time.
TILE_PX = 768
#: What is changed around it with it; more where the first leaves a label undecided.
HALOS_PX = (64, 256)

#: Label of a pixel that the picture beyond a box may decide.
UNDECIDED = -1


def rewrite_in_tiles(labels: Labels, change: Callable[[Box, Labels, bool], Labels]) -> Labels:
    """Exchange labels for what is made of them, a tile at a time and in their own memory.

    A picture that is no larger than a tile with the widest surroundings is changed as a whole.

    Args:
        labels: (H, W); they become the answer: images may be large.
        change: gets rows and columns of the picture and their labels as they were, returns new ones. If the third
            argument is True, `UNDECIDED` where what lies beyond the rows and columns may decide.

    Returns:
        The labels: those of the whole picture wherever no more than the widest surroundings decide.
    """
    height, width = labels.shape
    widest = HALOS_PX[-1]
    step = TILE_PX if max(height, width) > TILE_PX + 2 * widest else max(height, width, 1)
    above = labels[:0]  # the last rows before the tiles, as they were
    for top in range(0, height, step):
        rows = slice(top, min(top + step, height))
        columns = (slice(left, min(left + step, width)) for left in range(0, width, step))
        tiles = [_change_tile(labels, above, (rows, each), change) for each in columns]
        above = labels[max(rows.stop - widest, 0) : rows.stop].copy()
        np.concatenate(tiles, axis=1, out=labels[rows])
    return labels


def _change_tile(labels: Labels, above: Labels, tile: Box, change: Callable[[Box, Labels, bool], Labels]) -> Labels:
    rows, columns = tile
    for halo in HALOS_PX:
        box = _widened(rows, halo, labels.shape[0]), _widened(columns, halo, labels.shape[1])
        top, left = box[0].start, box[1].start
        before = np.concatenate(
            [above[len(above) - rows.start + top :, box[1]], labels[rows.start : box[0].stop, box[1]]]
        )
        changed = change(box, before, halo < HALOS_PX[-1])
        changed = changed[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        if not (changed == UNDECIDED).any():
            break
    return changed.copy()


def _widened(part: slice, halo: int, length: int) -> slice:
    return slice(max(part.start - halo, 0), min(part.stop + halo, length))


def inner_sides(box: Box, shape: tuple[int, ...]) -> Mask:
    """Return the pixels of a box beside which the picture goes on.

    Args:
        box: in the picture.
        shape: (H, W) of the picture.
    """
    rows, columns = box
    sides = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.bool_)
    sides[0] |= rows.start > 0
    sides[-1] |= rows.stop < shape[0]
    sides[:, 0] |= columns.start > 0
    sides[:, -1] |= columns.stop < shape[1]
    return sides
