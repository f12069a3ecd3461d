"""What region losses count: pixels, by their probabilities."""

from typing import NamedTuple

from torch import Tensor


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
    """Count boundary pixels; logits and target are (N, K, H, W)."""
    probability = logits.sigmoid().flatten(2)
    true = target.flatten(2)
    return SoftCounts((probability * true).sum(dim=2), probability.sum(dim=2), true.sum(dim=2))
