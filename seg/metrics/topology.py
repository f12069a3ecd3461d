"""Topology scores: centerline Dice and Betti errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from skimage.measure import euler_number
from skimage.morphology import skeletonize

Mask = NDArray[np.bool_]

_EIGHT_CONNECTED = np.ones((3, 3), dtype=np.int8)


def cl_dice(prediction: Mask, mask: Mask) -> float:
    """Return the harmonic mean of skeleton precision and sensitivity; 1 if both masks are empty, 0 if only one is.

    Args:
        prediction: (H, W).
        mask: (H, W).

    Source:
        Shit et al., CVPR 2021.
    """
    if not prediction.any() or not mask.any():
        return float(prediction.any() == mask.any())
    precision = mask[skeletonize(prediction)].mean()
    sensitivity = prediction[skeletonize(mask)].mean()
    total = precision + sensitivity
    return float(2 * precision * sensitivity / total) if total > 0 else 0.0


@dataclass(frozen=True)
class BettiErrors:
    """Absolute differences of the Betti numbers: 0, boundary components (8-connected); 1, holes (4-connected)."""

    betti0_error: int
    betti1_error: int


def betti_errors(prediction: Mask, mask: Mask) -> BettiErrors:
    """Return by how many pieces and holes (cells enclosed by boundary) prediction and mask differ.

    Args:
        prediction: (H, W).
        mask: (H, W).
    """
    (pieces, holes), (true_pieces, true_holes) = _betti(prediction), _betti(mask)
    return BettiErrors(abs(pieces - true_pieces), abs(holes - true_holes))


def _betti(mask: Mask) -> tuple[int, int]:
    pieces = int(label(mask, structure=_EIGHT_CONNECTED)[1])
    return pieces, pieces - int(euler_number(mask, connectivity=2))
