"""Difference over union, stricter for larger objects."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.soft_counts import SmoothedLoss


class BoundaryDouLoss(SmoothedLoss):
    """Difference of prediction and mask over their union less part of the overlap, averaged over channels.

    L = (R + T - 2 I) / (R + T - (1 + a) I + s); I, R, T sum p*t, p^2, t over the image's pixels, p = sigmoid(logits);
    a = 1 - 2 C / T, at most 0.8, C the mask's pixels with a side on its contour. On lines of one pixel a = -1, which
    gives the squared Dice loss. s is in the denominator only: a false boundary on an empty mask has a gradient.

    Args:
        smooth: s, in pixels, > 0.

    Raises:
        ValueError: smooth is not positive.

    Source:
        Sun et al., MICCAI 2023.
    """

    bounds = (0.0, 1.0)
    cross: Tensor

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__(smooth)
        cross = torch.tensor([[0.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
        self.register_buffer("cross", cross[None, None], persistent=False)

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) shares."""
        probability = logits.sigmoid()
        both, squares, true = (
            (a * b).sum(dim=(2, 3)) for a, b in ((probability, target), (probability, probability), (target, target))
        )
        alpha = (1 - 2 * self._contour_pixels(target) / true.clamp_min(1)).clamp_max(0.8)
        difference = squares + true - 2 * both
        return (difference / (squares + true - (1 + alpha) * both + self.smooth)).mean(dim=1)

    def _contour_pixels(self, target: Tensor) -> Tensor:
        pictures = target.flatten(0, 1)[:, None]
        neighbors = functional.conv2d(pictures, self.cross.to(target.dtype), padding=1)
        return ((neighbors < 5) * pictures).sum(dim=(1, 2, 3)).reshape(target.shape[:2])
