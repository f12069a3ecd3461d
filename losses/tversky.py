"""The soft Tversky index as a loss."""

from torch import Tensor

from losses.base import SegmentationLoss
from losses.checks import require_positive
from losses.soft_counts import count_softly


class TverskyLoss(SegmentationLoss):
    """One minus the soft Tversky index, which weights false and missed boundary, averaged over the channels.

    L = 1 - (I + s) / (I + a (P - I) + b (T - I) + s); I, P, T sum p*t, p, t over the image's pixels,
    p = sigmoid(logits). a = b = 1/2 is Dice, a = b = 1 is Jaccard.

    Args:
        alpha: a, > 0, of false boundary. At 0 white would be perfect.
        beta: b, > 0, of missed boundary. At 0 black would be perfect.
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: a parameter is out of range.

    Source:
        Salehi, Erdogmus and Gholipour, MLMI 2017.
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def __init__(self, alpha: float = 0.3, beta: float = 0.7, smooth: float = 1.0) -> None:
        super().__init__()
        require_positive("alpha", alpha)
        require_positive("beta", beta)
        require_positive("smooth", smooth, "pixels")
        self.alpha, self.beta, self.smooth = alpha, beta, smooth

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of one minus the index."""
        both, predicted, true = count_softly(logits, target)
        errors = self.alpha * (predicted - both) + self.beta * (true - both)
        return 1 - ((both + self.smooth) / (both + errors + self.smooth)).mean(dim=1)
