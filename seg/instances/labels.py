"""Types of label images, and how a large one is changed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

#: (H, W), 0 is background.
Labels = NDArray[np.int32]
#: (H, W).
Mask = NDArray[np.bool_]


def rewrite_in_strips(labels: Labels, change: Callable[[slice, Labels], Labels], strip_px: int, halo_px: int) -> Labels:
    """Exchange labels for what is made of them, some rows at a time and in their own memory.

    Args:
        labels: (H, W); they become the answer: images may be large.
        change: gets rows of the picture and their labels as they were, returns new ones.
        strip_px: rows that are exchanged at a time.
        halo_px: rows on either side of them that are changed with them and then dropped.

    Returns:
        The labels.
    """
    above = labels[:0]  # the rows before a strip as they were
    for start in range(0, len(labels), strip_px):
        top, stop = start - len(above), min(start + strip_px, len(labels))
        rows = slice(top, min(stop + halo_px, len(labels)))
        before = np.concatenate([above, labels[start : rows.stop]])
        changed = change(rows, before)
        above = before[max(stop - top - halo_px, 0) : stop - top].copy()
        labels[start:stop] = changed[start - top : stop - top]
    return labels
