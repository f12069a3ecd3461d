"""The Dice loss, flattened near the perfect prediction."""

from torch import Tensor

from losses.soft_counts import SmoothedLoss, count_softly


class LogCoshDiceLoss(SmoothedLoss):
    """Logarithm of the hyperbolic cosine of the soft Dice loss, averaged over the channels.

    L = log(cosh(1 - (2 I + s) / (P + T + s))); I, P, T sum p*t, p, t over the image's pixels, p = sigmoid(logits).

    Args:
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: smooth is not positive.

    Source:
        Jadon, CIBCB 2020.
    """

    bounds = (0.0, 0.4337808304830271)  # log(cosh(1))
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) logarithms."""
        both, predicted, true = count_softly(logits, target)
        dice = 1 - (2 * both + self.smooth) / (predicted + true + self.smooth)
        return dice.cosh().log().mean(dim=1)
