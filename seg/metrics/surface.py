"""Distances between the contours of two masks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class SurfaceScores:
    """Hausdorff distance at 95 %, in pixels (0 is best), and normalized surface Dice in [0, 1]."""

    hd95_px: float
    surface_dice: float


def surface_scores(prediction: Mask, mask: Mask, tolerance_px: float) -> SurfaceScores:
    """Return how far apart the contours are.

    HD95 is the larger of the 95th percentiles of the distances from each contour to the other. If both masks are empty,
    the scores are 0 and 1; if only one is, the diagonal of the image and 0.

    Args:
        prediction: (H, W).
        mask: (H, W).
        tolerance_px: distance up to which a contour pixel counts as correct in the surface Dice.

    Source:
        Nikolov et al., 2018 (surface Dice).
    """
    if not prediction.any() or not mask.any():
        if prediction.any() == mask.any():
            return SurfaceScores(0.0, 1.0)
        return SurfaceScores(float(np.hypot(*mask.shape)), 0.0)
    first, second = _contour(prediction), _contour(mask)
    there, back = distance_transform_edt(~second)[first], distance_transform_edt(~first)[second]
    within = (there <= tolerance_px).sum() + (back <= tolerance_px).sum()
    hd95 = max(np.percentile(there, 95), np.percentile(back, 95))
    return SurfaceScores(float(hd95), float(within / (len(there) + len(back))))


def _contour(mask: Mask) -> Mask:
    """Return the pixels of the mask with a 4-neighbor outside of it; beyond the image's edge is outside."""
    contour: Mask = mask & ~binary_erosion(mask)
    return contour
