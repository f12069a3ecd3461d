"""A loss on the worst logit of each pixel's neighborhood."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class ScnpLoss(SegmentationLoss):
    """Another loss on logits that are replaced by the worst one among their neighbors of the same class.

    L = L'(z', t); z' is the smallest logit of the boundary pixels among 3 x 3 neighbors where t = 1, the largest one of
    the background pixels where t = 0. A gap in a line or a bridge between two costs as much as one that
    is a pixel larger on every side.

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

    def per_annotated(self, logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Return the value of the inner loss, (1,); void pixels are nobody's neighbors."""
        return self.loss.per_annotated(worst_neighbors(logits, target, valid), target, valid)


def worst_neighbors(logits: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
    """Return, for each pixel, the worst logit among its 3 x 3 neighbors of the same class.

    Args:
        logits: (N, K, H, W).
        target: (N, K, H, W), values 0 and 1.
        valid: (N, 1, H, W) bool, False at pixels that are no neighbors and get 0; None: there are none.

    Returns:
        (N, K, H, W), the smallest logit on the boundary, the largest one elsewhere.
    """
    boundary, background = target > 0, target <= 0
    if valid is not None:
        boundary, background = boundary & valid, background & valid
    weakest = -functional.max_pool2d(-logits.masked_fill(~boundary, float("inf")), 3, 1, 1)
    strongest = functional.max_pool2d(logits.masked_fill(~background, float("-inf")), 3, 1, 1)
    worst = torch.where(boundary, weakest, strongest)
    return worst if valid is None else worst.masked_fill(~valid, 0)
