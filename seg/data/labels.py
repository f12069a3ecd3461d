"""Boundary masks from instance labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries


def boundaries_from_labels(labels: NDArray[Any], thickness_px: int = 1) -> NDArray[np.bool_]:
    """Return the inner boundaries of the instances, also between two that touch.

    Args:
        labels: (H, W) integers, 0 is background. An instance ends at the picture's edge without a boundary there.
        thickness_px: how many pixels deep the boundary reaches into each instance, >= 1.

    Raises:
        ValueError: labels are not (H, W) integers, or thickness_px < 1.
    """
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be (H, W) integers, got {labels.dtype} of shape {labels.shape}")
    if thickness_px < 1:
        raise ValueError(f"thickness_px must be >= 1, got {thickness_px}")
    remaining = labels.copy()
    for _ in range(thickness_px):
        remaining[find_boundaries(remaining, connectivity=1, mode="inner")] = 0
    boundary: NDArray[np.bool_] = (labels != 0) & (remaining == 0)
    return boundary
