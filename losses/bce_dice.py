"""Cross-entropy plus Dice, the field's strong baseline."""

from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class BceDiceLoss(SegmentationLoss):
    """Binary cross-entropy plus one minus the soft Dice coefficient of each image.

    L = mean of -(t log p + (1 - t) log(1 - p)) + w * (1 - D), D = (2 I + s) / (P + T + s) averaged over the channels;
    I, P, T sum p*t, p, t over the image's pixels, p = sigmoid(logits). Range [0, inf).

    Args:
        dice_weight: w, >= 0, of the Dice term against the cross-entropy.
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: dice_weight is negative or not finite, or smooth is not positive.

    Source:
        Isensee et al., Nature Methods 2021 (nnU-Net).
    """

    def __init__(self, dice_weight: float = 1.0, smooth: float = 1.0) -> None:
        super().__init__()
        if not 0 <= dice_weight < float("inf"):
            raise ValueError(f"dice_weight must be >= 0 and finite, got {dice_weight}")
        if not smooth > 0:
            raise ValueError(f"smooth must be > 0 pixels, got {smooth}")
        self.dice_weight = dice_weight
        self.smooth = smooth

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted sums of the two terms."""
        entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(dim=(1, 2, 3))
        probability = logits.sigmoid()
        intersection = (probability * target).sum(dim=(2, 3))
        total = (probability + target).sum(dim=(2, 3))
        dice = ((2 * intersection + self.smooth) / (total + self.smooth)).mean(dim=1)
        return entropy + self.dice_weight * (1 - dice)
