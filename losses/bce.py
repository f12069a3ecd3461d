"""Binary cross-entropy."""

from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class BceLoss(SegmentationLoss):
    """Mean binary cross-entropy, the negative log-likelihood of the mask.

    L = mean over pixels of -(t log p + (1 - t) log(1 - p)), p = sigmoid(logits), computed from the logits. A
    confident mistake has a gradient that does not vanish.

    Source:
        Good, Journal of the Royal Statistical Society B 1952.
    """

    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) mean cross-entropies."""
        return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(dim=(1, 2, 3))
