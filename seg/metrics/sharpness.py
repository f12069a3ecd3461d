"""Sharpness of the probabilities at the true boundary: measures the blur that L2 is said to cause."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from seg.metrics.unknown import without_nan


@dataclass(frozen=True)
class Sharpness:
    """Slope at the boundary relative to the truth's (1: equally sharp), and the share of undecided pixels."""

    sharpness: float
    undecided_share: float


def sharpness(
    probability: NDArray[np.float32], mask: NDArray[np.bool_], valid: NDArray[np.bool_] | None = None
) -> Sharpness:
    """Return the slope of the probability at the true boundary, and the share of pixels with 0.1 < p < 0.9.

    The slope is the mean gradient magnitude (central differences) over the pixels where that of the mask is not 0, on
    both sides of its contour, divided by the mask's; 1 for an image without boundary.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W), True on the boundary.
        valid: (H, W), False at void pixels, beside which there is no slope; None: there are none.
    """
    probability = without_nan(probability)
    grey = (probability > 0.1) & (probability < 0.9)
    true_slope = _slope(mask.astype(np.float32))
    if valid is not None:
        grey, true_slope = grey[valid], np.where(binary_erosion(valid, border_value=1), true_slope, np.float32(0))
    contour = true_slope > 0
    slope = _slope(probability)[contour].sum() / true_slope.sum() if contour.any() else 1.0
    return Sharpness(float(slope), float(grey.mean()))


def _slope(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gradient magnitude; across a single row or column there is no slope."""
    along_rows, along_columns = (
        np.gradient(picture, axis=axis) if picture.shape[axis] > 1 else np.zeros_like(picture) for axis in (0, 1)
    )
    magnitude: NDArray[np.float32] = np.hypot(along_rows, along_columns)
    return magnitude
