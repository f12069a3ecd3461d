"""The absolute difference of probability and target."""

from torch import Tensor

from losses.base import SegmentationLoss


class L1Loss(SegmentationLoss):
    """Mean absolute difference of probability and target.

    L = mean over pixels of |p - t|, p = sigmoid(logits). Grey (p = 0.5) costs half of a certain
    error: where a boundary is less likely than not, black is the cheapest answer.

    Source:
        Ghosh, Kumar and Sastry, AAAI 2017.
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) mean absolute differences."""
        return (logits.sigmoid() - target).abs().mean(dim=(1, 2, 3))
