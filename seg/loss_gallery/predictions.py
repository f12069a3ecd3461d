"""Right and wrong predictions of a mask, and masks of rarer and rarer boundary."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, zoom
from skimage.morphology import skeletonize
from torch import Tensor

Mask = NDArray[np.bool_]

#: The logit of a confident network: p = 0.9975.
SURE = 6.0
_BLUR_PX = 2.0
_REGION_PX, _ZOOM = 64, 4


def masks_by_prevalence(mask: Mask, shares: Sequence[float]) -> list[Mask]:
    """Return the same lines, thicker or thinner, so that they cover the given shares of the picture.

    The middle of the mask is enlarged four times, thinned to lines, and the pixels nearest to a line become boundary.

    Args:
        mask: (H, W), at least 64 x 64, True on the boundary.
        shares: each in (0, 1); lines thinner than a pixel break.

    Returns:
        Masks of 256 x 256 pixels.

    Raises:
        ValueError: the mask is too small, or there is no boundary in its middle.
    """
    if min(mask.shape) < _REGION_PX:
        raise ValueError(f"the mask must have at least {_REGION_PX} x {_REGION_PX} pixels, it has {mask.shape}")
    top, left = ((size - _REGION_PX) // 2 for size in mask.shape)
    region = mask[top : top + _REGION_PX, left : left + _REGION_PX]
    lines = skeletonize(zoom(region.astype(np.float32), _ZOOM, order=1) > 0.5)
    if not lines.any():
        raise ValueError("there is no boundary in the middle of the mask: choose another mask")
    distance = distance_transform_edt(~lines)
    return [_nearest(distance, share) for share in shares]


def _nearest(distance: NDArray[np.float64], share: float) -> Mask:
    nearest = np.argsort(distance, axis=None, kind="stable")[: max(1, round(share * distance.size))]
    mask = np.zeros(distance.size, dtype=np.bool_)
    mask[nearest] = True
    return mask.reshape(distance.shape)


def typical_predictions(mask: Mask) -> dict[str, Tensor]:
    """Return the logits of typical predictions of a mask, (1, 1, H, W) each; all but "perfect" are wrong.

    black, grey, white: constant. shifted: the mask moved by one pixel. broken: the mask without a fifth of its
    boundary. blurred: the mask after a Gaussian of 2 px.
    """
    level = np.full(mask.shape, SURE)
    pictures = {
        "black": -level,
        "grey": 0 * level,
        "white": level,
        "perfect": _sure(mask),
        "shifted": _sure(np.roll(mask, 1, axis=1)),
        "broken": _sure(mask & ~_gaps(mask)),
        "blurred": _logit(gaussian_filter(mask.astype(np.float64), _BLUR_PX)),
    }
    return {name: torch.from_numpy(picture.astype(np.float32))[None, None] for name, picture in pictures.items()}


def as_target(mask: Mask) -> Tensor:
    """Return the mask as a loss takes it, (1, 1, H, W)."""
    return torch.from_numpy(mask.astype(np.float32))[None, None]


def _sure(mask: Mask) -> NDArray[np.float64]:
    return np.where(mask, SURE, -SURE)


def _logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    lowest = 1 / (1 + np.exp(SURE))
    clipped = probability.clip(lowest, 1 - lowest)
    logits: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return logits


def _gaps(mask: Mask) -> Mask:
    """Return stripes, one fifth of the picture wide, that cut lines of all directions."""
    rows, columns = np.indices(mask.shape)
    return np.asarray((rows + 2 * columns) % 40 < 8)
