"""Matthews correlation coefficient as a loss."""

from torch import Tensor

from losses.soft_counts import SmoothedLoss, count_softly


class MccLoss(SmoothedLoss):
    """One minus the Matthews correlation coefficient, averaged over the channels.

    L = 1 - (A D - B C) / sqrt((A + B) (A + C) (D + B) (D + C)); A = I + s, B = P - I, C = T - I, D = n - P - T + I + s
    are the soft counts of true positives, false positives, false negatives and true negatives among n pixels; I, P, T
    sum p*t, p, t over the image's pixels, p = sigmoid(logits).

    Args:
        smooth: s, in pixels, > 0, added to the true positives and negatives. Without it the coefficient of an image
            without any boundary is 0 / 0.

    Raises:
        ValueError: smooth is not positive.

    Source:
        Abhishek and Hamarneh, ISBI 2021.
    """

    bounds = (0.0, 2.0)
    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of one minus the coefficient."""
        pixels = target[0, 0].numel()
        both, predicted, true = (count / pixels for count in count_softly(logits, target))
        smooth = self.smooth / pixels
        found, false, missed = both + smooth, predicted - both, true - both
        background = 1 - predicted - true + both + smooth
        variance = (found + false) * (found + missed) * (background + false) * (background + missed)
        return 1 - ((found * background - false * missed) / variance.sqrt()).mean(dim=1)
