"""A differentiable estimate of the Hausdorff distance."""

from torch import Tensor

from losses.base import SegmentationLoss
from losses.checks import require_positive
from losses.distances import distance_to_other_class


class HausdorffLoss(SegmentationLoss):
    """Mean squared error, each pixel weighted by powers of its distances to both contours.

    L = mean over pixels of (p - t)^2 (d^a + e^a), p = sigmoid(logits); d and e are the distances in pixels to the
    nearest pixel of the other class, in the mask and in the prediction at p > 1/2 (a constant for the gradient). In an
    image of one class alone d = 1.

    Args:
        alpha: a, > 0; larger values emphasize the farthest errors.

    Raises:
        ValueError: alpha is not positive.

    Source:
        Karimi and Salcudean, IEEE TMI 2020 (distance-transform form).
    """

    def __init__(self, alpha: float = 2.0) -> None:
        super().__init__()
        require_positive("alpha", alpha)
        self.alpha = alpha

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted mean squared errors."""
        of_target, of_prediction = distance_to_other_class(target), distance_to_other_class(logits)
        weight = (of_target**self.alpha + of_prediction**self.alpha).to(logits.dtype)
        return ((logits.sigmoid() - target).square() * weight).mean(dim=(1, 2, 3))
