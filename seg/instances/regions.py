"""Operations on label images: sizes, contacts, holes."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from seg.instances.flood import Labels, Mask


def connected_regions(mask: Mask, min_size_px: int = 1) -> Labels:
    """Return the 4-connected regions of a mask, numbered from 1.

    Args:
        mask: (H, W).
        min_size_px: smaller regions are left out.
    """
    regions, _ = label(mask)
    return drop_small(regions, min_size_px)


def drop_small(labels: Labels, min_size_px: int) -> Labels:
    """Return the labels of at least `min_size_px` pixels, numbered from 1 without gaps.

    Args:
        labels: (H, W), 0 is background.
        min_size_px: at least 1.
    """
    sizes = np.bincount(labels.ravel())
    kept = sizes >= max(min_size_px, 1)
    kept[0] = False
    return renumber(labels, kept)


def renumber(labels: Labels, kept: Mask) -> Labels:
    """Return the labels that are kept, numbered from 1 without gaps.

    Args:
        labels: (H, W).
        kept: one flag per label from 0 on.
    """
    numbers = (np.cumsum(kept) * kept).astype(np.int32)
    return numbers[labels]


class Contacts:
    """Pairs of regions that touch by a side, each once, with a sum over the pixels where they do.

    Args:
        labels: (H, W), from 0 on.
        heights: (H, W), e.g. probabilities of a boundary; a contact of two pixels is as high as the higher one.

    Attributes:
        first, second: labels of each pair, the smaller one first.
        lengths: number of contacts of the pair.
        totals: sum of their heights.
    """

    def __init__(self, labels: Labels, heights: NDArray[np.float32]) -> None:
        base = int(labels.max()) + 1
        keys, values = [], []
        for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
            differ = labels[one] != labels[other]
            a, b = labels[one][differ].astype(np.int64), labels[other][differ].astype(np.int64)
            keys.append(np.minimum(a, b) * base + np.maximum(a, b))
            values.append(np.maximum(heights[one][differ], heights[other][differ]))
        pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        self.first, self.second = pairs // base, pairs % base
        self.lengths = np.bincount(inverse, minlength=len(pairs))
        self.totals = np.bincount(inverse, weights=np.concatenate(values), minlength=len(pairs))


def fill_holes(labels: Labels) -> Labels:
    """Return the labels with each stretch of background that one cell alone encloses given to that cell.

    Args:
        labels: (H, W), 0 is background. What touches the picture's edge is no hole.
    """
    background, count = label(labels == 0)
    cells = int(labels.max())
    combined = np.where(labels > 0, labels, cells + background)
    contacts = Contacts(combined, np.zeros(labels.shape, np.float32))
    of_background = contacts.second > cells
    holes, owners = contacts.second[of_background] - cells, contacts.first[of_background]
    owner = np.zeros(count + 1, np.int32)
    owner[holes] = owners
    owner[np.bincount(holes, minlength=count + 1) != 1] = 0
    for edge in (background[0], background[-1], background[:, 0], background[:, -1]):
        owner[edge] = 0
    return np.where(labels > 0, labels, owner[background])
