"""L2 on the picture plus L2 on what a frozen network sees in it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from losses.base import SegmentationLoss
from losses.frozen import FrozenNetwork


class PerceptualLoss(SegmentationLoss):
    """L2 on the picture plus a weight times L2 on the intermediate features of a frozen network.

    L = mean (p - t)^2 + w * mean over layers of mean (F_l(p) - F_l(t))^2 / mean F_l(t)^2, p = sigmoid(logits), F_l the
    feature maps of layer l. Relative to the target's own features, so that w means the same for
    every network and layer. Range [0, inf); zero only where p = t.

    Args:
        features: a network from pictures (N, 1, H, W) with values in [0, 1] to a sequence of feature
            maps, e.g. `seg.network.features.TimmFeatures`. It is frozen here.
        weight: w, >= 0, of the feature term against the picture term.

    Raises:
        ValueError: weight is negative or not finite.

    Source:
        Johnson, Alahi and Fei-Fei, ECCV 2016; for boundaries Mosinska et al., CVPR 2018.
    """

    def __init__(self, features: nn.Module, weight: float = 1.0) -> None:
        super().__init__()
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight must be >= 0 and finite, got {weight}")
        self.features = FrozenNetwork(features)
        self.weight = weight

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted sums of the two terms."""
        probability = logits.sigmoid()
        pixel_term = (probability - target).square().mean(dim=(1, 2, 3))
        return pixel_term + self.weight * self._feature_term(probability, target)

    def _feature_term(self, probability: Tensor, target: Tensor) -> Tensor:
        images = len(probability)
        seen = self._see(probability)
        with torch.no_grad():
            wanted = self._see(target)
        layers = [_relative_difference(a, b, images) for a, b in zip(seen, wanted, strict=True)]
        return torch.stack(layers).mean(dim=0)

    def _see(self, picture: Tensor) -> Sequence[Tensor]:
        """Show each channel to the network as a picture of its own."""
        feature_maps: Sequence[Tensor] = self.features(picture.reshape(-1, 1, *picture.shape[2:]))
        return feature_maps


def _relative_difference(seen: Tensor, wanted: Tensor, images: int) -> Tensor:
    difference = (seen - wanted).square().reshape(images, -1).mean(dim=1)
    scale = wanted.square().reshape(images, -1).mean(dim=1)
    return difference / scale.clamp_min(1e-6)
