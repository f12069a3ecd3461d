"""Any loss, on the worst of each pixel's neighbors."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class ScnpLoss(SegmentationLoss):
    """Another loss, after each logit was replaced by the worst one among its neighbors of the same class.

    L = L'(z', t); z' is the smallest logit of the 3 x 3 neighbors on the boundary where t = 1, the largest one of
    those beside it where t = 0. A break in a line or a bridge between two costs as much as all its neighbors would.

    Args:
        loss: L'.

    Source:
        Valverde et al., CVPR 2026 (same-class neighbor penalization).
    """

    def __init__(self, loss: SegmentationLoss) -> None:
        super().__init__()
        self.loss = loss
        self.bounds = loss.bounds

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of the inner loss."""
        return self.loss.per_image(worst_neighbors(logits, target), target)


def worst_neighbors(logits: Tensor, target: Tensor) -> Tensor:
    """Return, for each pixel, the worst logit among its 3 x 3 neighbors of the same class."""
    boundary = target > 0
    weakest = -functional.max_pool2d(-logits.masked_fill(~boundary, float("inf")), 3, 1, 1)
    strongest = functional.max_pool2d(logits.masked_fill(boundary, float("-inf")), 3, 1, 1)
    return torch.where(boundary, weakest, strongest)
