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

#: Side of the square that is changed at a time, and what is around it that decides on its labels.
TILE_PX, HALO_PX = 768, 256


def rewrite_in_tiles(labels: Labels, change: Callable[[Box, Labels], Labels]) -> Labels:
    """Exchange labels for what is made of them, a tile at a time and in their own memory.

    The new labels of a tile are made with `HALO_PX` around it, which are then dropped. A picture that is no larger than
    a tile with what is around it is changed as a whole.

    Args:
        labels: (H, W); they become the answer: images may be large.
        change: gets rows and columns of the picture and their labels as they were, returns new ones.

    Returns:
        The labels.
    """
    height, width = labels.shape
    step = TILE_PX if max(height, width) > TILE_PX + 2 * HALO_PX else max(height, width, 1)
    above = labels[:0]  # the last rows before the tiles, as they were
    for top in range(0, height, step):
        bottom = min(top + step, height)
        rows = slice(top - len(above), min(bottom + HALO_PX, height))
        tiles = []
        for left in range(0, width, step):
            right = min(left + step, width)
            columns = slice(max(left - HALO_PX, 0), min(right + HALO_PX, width))
            before = np.concatenate([above[:, columns], labels[top : rows.stop, columns]])
            tile = slice(top - rows.start, bottom - rows.start), slice(left - columns.start, right - columns.start)
            tiles.append(change((rows, columns), before)[tile].copy())
        above = labels[max(bottom - HALO_PX, 0) : bottom].copy()
        np.concatenate(tiles, axis=1, out=labels[top:bottom])
    return labels
