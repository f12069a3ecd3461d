"""Binary cross-entropy in which both classes weigh the same."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class BalancedBceLoss(SegmentationLoss):
    """Binary cross-entropy, each class weighted by the share of the other in the image and channel.

    L = mean over pixels of -(b t log p + (1 - b) (1 - t) log(1 - p)), p = sigmoid(logits), b = the share of the
    background. In an image of one class alone b = 1/2; otherwise a false boundary on an empty mask would cost nothing.

    Source:
        Xie and Tu, ICCV 2015 (HED).
    """

    permutation_invariant = True

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted mean cross-entropies."""
        background = 1 - target.mean(dim=(2, 3), keepdim=True)
        one_class = (background == 0) | (background == 1)
        background = torch.where(one_class, torch.full_like(background, 0.5), background)
        weight = torch.where(target > 0, background, 1 - background)
        entropy = functional.binary_cross_entropy_with_logits(logits, target, weight, reduction="none")
        return entropy.mean(dim=(1, 2, 3))
