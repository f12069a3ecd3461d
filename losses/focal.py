"""Cross-entropy that down-weights easy pixels."""

import segmentation_models_pytorch as smp
from torch import Tensor

from losses.base import SegmentationLoss
from losses.checks import require_open_share, require_weight


class FocalLoss(SegmentationLoss):
    """Mean binary cross-entropy, each pixel weighted by a power of its own error.

    L = mean over pixels of -(a t (1 - p)^g log p + (1 - a) (1 - t) p^g log(1 - p)), p = sigmoid(logits).

    Args:
        gamma: g, >= 0; 0 is cross-entropy.
        alpha: a, in (0, 1), weight of the boundary; the background's is 1 - a.

    Raises:
        ValueError: gamma or alpha is out of range.

    Source:
        Lin et al., ICCV 2017.
    """

    permutation_invariant = True

    def __init__(self, gamma: float = 2.0, alpha: float = 0.5) -> None:
        super().__init__()
        require_weight("gamma", gamma)
        require_open_share("alpha", alpha)
        self._pixels = smp.losses.FocalLoss("binary", alpha=alpha, gamma=gamma, reduction=None)

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) means."""
        values: Tensor = self._pixels(logits, target)
        return values.reshape(len(logits), -1).mean(dim=1)
