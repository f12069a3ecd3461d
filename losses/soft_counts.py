"""Soft pixel counts of the region losses."""

from typing import NamedTuple

from torch import Tensor

from losses.base import SegmentationLoss
from losses.checks import require_positive


class SoftCounts(NamedTuple):
    """Sums over the pixels of each channel, (N, K) each.

    Attributes:
        both: I, the sum of p * t, p = sigmoid(logits).
        predicted: P, the sum of p.
        true: T, the sum of t.
    """

    both: Tensor
    predicted: Tensor
    true: Tensor


def count_softly(logits: Tensor, target: Tensor) -> SoftCounts:
    """Count boundary pixels by their probabilities.

    Args:
        logits: (N, K, H, W), before the sigmoid.
        target: (N, K, H, W), values 0 and 1.
    """
    probability = logits.sigmoid().flatten(2)
    true = target.flatten(2)
    return SoftCounts((probability * true).sum(dim=2), probability.sum(dim=2), true.sum(dim=2))


class SmoothedLoss(SegmentationLoss):
    """A loss with a smoothed quotient of counts, so that an image without any boundary has a gradient.

    Args:
        smooth: in pixels, > 0.

    Raises:
        ValueError: smooth is not positive.
    """

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        require_positive("smooth", smooth, "pixels")
        self.smooth = smooth
