"""The convex surrogate of the Jaccard index."""

import torch
from torch import Tensor

from losses.base import SegmentationLoss


class LovaszHingeLoss(SegmentationLoss):
    """Lovasz extension of the Jaccard loss on the hinge errors of each image, averaged over the channels.

    L = sum over pixels, sorted by descending e, of max(e, 0) * (increase of the Jaccard loss when the pixel is added
    to the errors); e = 1 - z for boundary, 1 + z for background, z the logit.

    Source:
        Berman, Rannen Triki and Blaschko, CVPR 2018.
    """

    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) surrogates."""
        errors = (1 - (2 * target - 1) * logits).flatten(2)
        with torch.no_grad():
            increases = _increases(errors, target.flatten(2))
        return (errors.relu() * increases).sum(dim=2).mean(dim=1)


def _increases(errors: Tensor, target: Tensor) -> Tensor:
    """Return how much each pixel, (N, K, n), increases the Jaccard loss when added to the larger errors."""
    order = errors.argsort(dim=2, descending=True)
    boundary = target.gather(2, order)
    true = boundary.sum(dim=2, keepdim=True)
    left, union = true - boundary.cumsum(dim=2), true + (1 - boundary).cumsum(dim=2)
    jaccard_loss = 1 - left / union
    jaccard_loss[..., 1:] = jaccard_loss.diff(dim=2)
    return torch.empty_like(target).scatter(2, order, jaccard_loss)
