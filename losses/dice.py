"""The soft Dice coefficient as a loss."""

from torch import Tensor

from losses.soft_counts import SmoothedLoss, count_softly


class DiceLoss(SmoothedLoss):
    """One minus the soft Dice coefficient of each image, averaged over the channels.

    L = 1 - (2 I + s) / (P + T + s); I, P, T sum p*t, p, t over the image's pixels, p = sigmoid(logits).

    Args:
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: smooth is not positive.

    Source:
        Milletari, Navab and Ahmadi, 3DV 2016; Isensee et al., Nature Methods 2021 (this form).
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of one minus the coefficient."""
        both, predicted, true = count_softly(logits, target)
        return 1 - ((2 * both + self.smooth) / (predicted + true + self.smooth)).mean(dim=1)
