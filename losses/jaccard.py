"""The soft Jaccard index (IoU) as a loss."""

from torch import Tensor

from losses.base import SegmentationLoss


class JaccardLoss(SegmentationLoss):
    """One minus the soft Jaccard index (IoU) of each image, averaged over the channels.

    J = (I + s) / (P + T - I + s); I, P, T sum p*t, p, t over the image's pixels, p = sigmoid(logits). The loss
    1 - J is in [0, 1]; two regions that overlap by half have J = 1/3.

    Args:
        smooth: s, in pixels, > 0. Keeps a gradient on images without any boundary.

    Raises:
        ValueError: smooth is not positive.

    Source:
        Rahman and Wang, ISVC 2016.
    """

    def __init__(self, smooth: float = 1.0) -> None:
        super().__init__()
        if not smooth > 0:
            raise ValueError(f"smooth must be > 0 pixels, got {smooth}")
        self.smooth = smooth

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) values of one minus the index."""
        probability = logits.sigmoid()
        intersection = (probability * target).sum(dim=(2, 3))
        union = (probability + target).sum(dim=(2, 3)) - intersection
        return 1 - ((intersection + self.smooth) / (union + self.smooth)).mean(dim=1)
