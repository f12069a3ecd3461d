"""Absolute difference, quadratic where it is small."""

from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class SmoothL1Loss(SegmentationLoss):
    """Mean of the Huber function of probability and target.

    L = mean over pixels of d^2 / (2 b) where d = |p - t| < b, else d - b / 2; p = sigmoid(logits).

    Args:
        beta: b, in (0, 1], the difference above which it is linear.

    Raises:
        ValueError: beta is out of range.

    Source:
        Girshick, ICCV 2015.
    """

    permutation_invariant = True

    def __init__(self, beta: float = 0.5) -> None:
        super().__init__()
        if not 0 < beta <= 1:
            raise ValueError(f"beta must be in (0, 1], got {beta}")
        self.beta = beta
        self.bounds = (0.0, 1 - beta / 2)

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) means."""
        values = functional.smooth_l1_loss(logits.sigmoid(), target, beta=self.beta, reduction="none")
        return values.mean(dim=(1, 2, 3))
