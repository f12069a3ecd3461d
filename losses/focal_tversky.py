"""A power of the Tversky loss."""

from torch import Tensor

from losses.base import SegmentationLoss
from losses.checks import require_positive
from losses.soft_counts import count_softly

#: Below it the root, whose slope at 0 (the perfect prediction) is infinite, is replaced by a constant.
_FLAT = 1e-6


class FocalTverskyLoss(SegmentationLoss):
    """A power of one minus the soft Tversky index, averaged over the channels.

    L = (1 - (I + s) / (I + a (P - I) + b (T - I) + s))^(1 / g); I, P, T sum p*t, p, t over the image's pixels,
    p = sigmoid(logits). Below 1e-6 the base is constant: the power has no finite slope at 0.

    Args:
        alpha: a, > 0, of false boundary.
        beta: b, > 0, of missed boundary.
        gamma: g, > 0; above 1 it increases the gradient of nearly perfect images.
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: a parameter is out of range.

    Source:
        Abraham and Khan, ISBI 2019.
    """

    bounds = (0.0, 1.0)
    permutation_invariant = True

    def __init__(self, alpha: float = 0.3, beta: float = 0.7, gamma: float = 4 / 3, smooth: float = 1.0) -> None:
        super().__init__()
        require_positive("alpha", alpha)
        require_positive("beta", beta)
        require_positive("gamma", gamma)
        require_positive("smooth", smooth, "pixels")
        self.alpha, self.beta, self.gamma, self.smooth = alpha, beta, gamma, smooth

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) powers."""
        both, predicted, true = count_softly(logits, target)
        errors = self.alpha * (predicted - both) + self.beta * (true - both)
        # one minus the index, without the rounding error of subtracting nearly equal numbers
        loss = errors / (both + errors + self.smooth)
        power = 1 / self.gamma
        values: Tensor = loss.clamp_min(_FLAT) ** power - _FLAT**power
        return values.mean(dim=1)
