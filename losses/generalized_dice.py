"""Dice over boundary and background with inverse-frequency weights."""

from torch import Tensor

from losses.base import SegmentationLoss
from losses.soft_counts import count_softly


class GeneralizedDiceLoss(SegmentationLoss):
    """One minus the generalized Dice coefficient of boundary and background, averaged over the channels.

    L = 1 - 2 (w I + v J) / (w (P + T) + v (Q + U)); I, P, T sum p*t, p, t over the image's pixels, p = sigmoid(logits);
    J, Q, U are the same of 1 - p and 1 - t. w = 1 / T^2 and v = 1 / U^2, where an absent class counts as one pixel.

    Source:
        Sudre et al., DLMIA 2017.
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of one minus the coefficient."""
        pixels = target[0, 0].numel()
        both, predicted, true = count_softly(logits, target)
        neither, kept_out, background = pixels - predicted - true + both, pixels - predicted, pixels - true
        # both classes weighted by (T U)^2: the quotient is the same, and float32 keeps its digits
        rare = background.clamp_min(1).square() / pixels**2
        common = true.clamp_min(1).square() / pixels**2
        found = rare * both + common * neither
        total = rare * (predicted + true) + common * (kept_out + background)
        return 1 - (2 * found / total).mean(dim=1)
