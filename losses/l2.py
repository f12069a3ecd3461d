"""The squared difference of probability and target."""

from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class L2Loss(SegmentationLoss):
    """Mean squared difference of probability and target, also known as the Brier score.

    L = mean over pixels of (p - t)^2, p = sigmoid(logits). Grey (p = 0.5) costs a quarter of a
    certain error, so that the loss tolerates blurred boundaries.

    Source:
        Brier, Monthly Weather Review 1950.
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) mean squared differences."""
        return functional.mse_loss(logits.sigmoid(), target, reduction="none").mean(dim=(1, 2, 3))
