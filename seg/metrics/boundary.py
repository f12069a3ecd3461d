"""Scores that ask whether the boundary runs in the right place."""

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import skeletonize

Mask = NDArray[np.bool_]


def boundary_f1(
    probability: NDArray[np.float32], mask: Mask, thresholds: NDArray[np.float32], tolerance_px: float
) -> NDArray[np.float64]:
    """Return the boundary F1 at each threshold: prediction and mask are thinned, then matched within a tolerance.

    Precision is the share of the predicted skeleton within the tolerance of the mask's, recall the other way. Both are
    empty: 1; only one is: 0.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W), True on the boundary.
        thresholds: (T,); a pixel is predicted where probability >= threshold.
        tolerance_px: Euclidean distance up to which two skeleton pixels match.

    Returns:
        (T,) in [0, 1].

    Source:
        Martin, Fowlkes and Malik, TPAMI 2004, without the one-to-one assignment.
    """
    truth = skeletonize(mask)
    near_truth = _grow(truth, tolerance_px)
    return np.array(
        [_f1(skeletonize(probability >= threshold), truth, near_truth, tolerance_px) for threshold in thresholds]
    )


def _f1(predicted: Mask, truth: Mask, near_truth: Mask, tolerance_px: float) -> float:
    if not truth.any() or not predicted.any():
        return float(truth.any() == predicted.any())
    precision = near_truth[predicted].mean()
    recall = _grow(predicted, tolerance_px)[truth].mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall > 0 else 0.0


def _grow(skeleton: Mask, radius_px: float) -> Mask:
    """Return the pixels within `radius_px` of the skeleton."""
    reach = int(radius_px)
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = (rows**2 + columns**2 <= radius_px**2).astype(np.uint8)
    return cv2.dilate(skeleton.astype(np.uint8), disk).astype(np.bool_)
