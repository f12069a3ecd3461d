"""Regions that a network should not look at: corners, borders, and marks that many images have in one place."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from seg.audit.cases import Case

Region = NDArray[np.bool_]

#: Contains a part of each corner.
BORDER = "the border"

#: Of the signed gradients of many images at one pixel: their mean in units of their root mean square.
_COHERENCE = 0.6
_CHANCE = 3.5
_LEAST_PX = 8


def find_regions(cases: Sequence[Case]) -> dict[str, Region]:
    """Return name -> region, (H, W).

    Args:
        cases: of one size.
    """
    height, width = cases[0].truth.shape
    regions = corners(height, width) | {BORDER: _border(height, width)}
    mark = _marks(cases)
    return regions | ({"a mark that many images have": mark} if mark.any() else {})


def corners(height: int, width: int) -> dict[str, Region]:
    """Return name -> corner of an image, (H, W); a fifth of the shorter side, at least 8 px.

    Args:
        height: of the image, px.
        width: the same.
    """
    side = max(8, min(height, width) // 5)
    rows, columns = np.indices((height, width))
    top, left = rows < side, columns < side
    bottom, right = rows >= height - side, columns >= width - side
    return {
        "the upper left corner": top & left,
        "the upper right corner": top & right,
        "the lower left corner": bottom & left,
        "the lower right corner": bottom & right,
    }


def _border(height: int, width: int) -> Region:
    frame = max(2, min(height, width) // 16)
    border = np.ones((height, width), bool)
    border[frame : height - frame, frame : width - frame] = False
    return border


def _marks(cases: Sequence[Case]) -> Region:
    """Return where gradients agree over the images, as those of scale bars and dates do and those of cells do not."""
    pictures = np.stack([case.image.mean(axis=0) for case in cases])
    coherent = np.zeros(pictures.shape[1:], bool)
    for axis in (1, 2):
        gradients = np.gradient(pictures, axis=axis)
        size = np.sqrt((gradients**2).mean(axis=0))
        least = max(_COHERENCE, min(0.9, _CHANCE / np.sqrt(len(cases))))
        coherent |= (np.abs(gradients.mean(axis=0)) > least * size) & (size > 0.05)
    labels, _ = ndimage.label(ndimage.binary_dilation(coherent, iterations=2))
    sizes = np.bincount(labels[coherent], minlength=labels.max() + 1)
    keep = sizes >= _LEAST_PX
    keep[0] = False
    found: Region = keep[labels]
    return found if found.mean() < 0.25 else np.zeros_like(found)  # all images alike: nothing stands out
