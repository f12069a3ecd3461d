"""Errors weighted by their distance to the contour."""

from torch import Tensor

from losses.base import SegmentationLoss
from losses.distances import distance_to_other_class


class BoundaryLoss(SegmentationLoss):
    """Mean error, each pixel weighted by its distance to the contour of the mask.

    L = mean over pixels of d (p - t) where t = 0 and d (t - p) where t = 1, p = sigmoid(logits), d the distance in
    pixels to the nearest pixel of the other class, minus 1/2. This is the published integral of the signed distance
    over the prediction, minus its value for the perfect one. In an image of one class alone d = 1/2.

    Intended as a term of a `CompositeLoss`, with an increasing weight, next to a region loss.

    Source:
        Kervadec et al., MIDL 2019.
    """

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted mean errors."""
        distance = distance_to_other_class(target).to(logits.dtype) - 0.5
        return (distance * (logits.sigmoid() - target).abs()).mean(dim=(1, 2, 3))
