"""Cross-entropy that up-weights narrow gaps between cells."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss
from losses.checks import require_positive, require_weight
from losses.distances import distances_to_two_cells

#: In sigmas; beyond it the weight is below 2e-8 of w0.
_REACH = 6


def border_weights(target: Tensor, w0: float, sigma_px: float) -> Tensor:
    """Return 1 + w0 exp(-(d1 + d2)^2 / (2 sigma^2)), d1 and d2 the distances to the two nearest cells.

    Args:
        target: (N, K, H, W), boundary 1; cells are the 4-connected components of the rest.
        w0: weight between two touching cells.
        sigma_px: decay of the weight with the width of the gap, in pixels.
    """
    nearest, second = distances_to_two_cells(target, _REACH * sigma_px)
    return 1 + w0 * torch.exp(-((nearest + second) ** 2) / (2 * sigma_px**2))


class BorderWeightedBceLoss(SegmentationLoss):
    """Mean binary cross-entropy, weighted by the distances to the two nearest cells.

    L = mean over pixels of -w (b t log p + (1 - t) log(1 - p)), p = sigmoid(logits),
    w = 1 + w0 exp(-(d1 + d2)^2 / (2 sigma^2)); d1, d2 are the distances to the nearest and second nearest cell, the
    4-connected components of what is not boundary.

    Args:
        w0: >= 0, weight between two touching cells.
        sigma_px: > 0, decay of the weight with the width of the gap, in pixels.
        boundary_weight: b, > 0, weight of boundary pixels relative to background pixels.

    Raises:
        ValueError: a parameter is out of range.

    Source:
        Ronneberger, Fischer and Brox, MICCAI 2015.
    """

    def __init__(self, w0: float = 10.0, sigma_px: float = 5.0, boundary_weight: float = 1.0) -> None:
        super().__init__()
        require_weight("w0", w0)
        require_positive("sigma_px", sigma_px, "pixels")
        require_positive("boundary_weight", boundary_weight)
        self.w0, self.sigma_px, self.boundary_weight = w0, sigma_px, boundary_weight

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted mean cross-entropies."""
        near = border_weights(target, self.w0, self.sigma_px).to(logits.dtype)
        weight = near * torch.where(target > 0, self.boundary_weight, 1.0)
        entropy = functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="none")
        return entropy.mean(dim=(1, 2, 3))
