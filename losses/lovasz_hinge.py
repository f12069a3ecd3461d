"""The convex surrogate of the Jaccard index."""

import torch
from torch import Tensor

from losses.base import SegmentationLoss


class LovaszHingeLoss(SegmentationLoss):
    """Lovasz extension of the Jaccard loss on the hinge errors of each image, averaged over the channels.

    L = sum over pixels, sorted by falling e, of max(e, 0) * (rise of the Jaccard loss when the pixel joins the
    mistakes); e = 1 - z for boundary, 1 + z for background, z the logit.

    Source:
        Berman, Rannen Triki and Blaschko, CVPR 2018.
    """

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) surrogates."""
        errors = (1 - (2 * target - 1) * logits).flatten(2)
        with torch.no_grad():
            rises = _rises(errors, target.flatten(2))
        return (errors.relu() * rises).sum(dim=2).mean(dim=1)


def _rises(errors: Tensor, target: Tensor) -> Tensor:
    """Return by how much each pixel, (N, K, n), raises the Jaccard loss of the mistakes larger than its own."""
    order = errors.argsort(dim=2, descending=True)
    boundary = target.gather(2, order)
    true = boundary.sum(dim=2, keepdim=True)
    left, union = true - boundary.cumsum(dim=2), true + (1 - boundary).cumsum(dim=2)
    jaccard_loss = 1 - left / union
    jaccard_loss[..., 1:] = jaccard_loss.diff(dim=2)
    return torch.empty_like(target).scatter(2, order, jaccard_loss)
