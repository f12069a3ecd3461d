"""Distances between features of a frozen network."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from losses.base import SegmentationLoss
from losses.checks import require_weight
from losses.frozen import FrozenNetwork

Distance = Literal["relative_l2", "l2", "cosine", "gram"]


class PerceptualLoss(SegmentationLoss):
    """Distance between the intermediate features of prediction and mask in a frozen network.

    L = sum over layers l of w_l D(F_l(p), F_l(t)), p = sigmoid(logits), F_l the feature maps of layer l. D of feature
    maps a and b is, by name: relative_l2, mean (a - b)^2 / mean b^2, comparable between networks and layers;
    l2, mean (a - b)^2; cosine, the mean over positions of 1 - cos(a, b); gram, the squared differences of the
    correlations between channels ("style"), relative to those of b.

    A wrong prediction can have the features of the mask: combine it with a pixel loss in `CompositeLoss`.

    Args:
        features: a network from pictures (N, 1, H, W) with values in [0, 1] to a sequence of feature
            maps, e.g. `seg.network.features.TimmFeatures`. It is frozen here.
        layer_weights: w_l, >= 0, one per feature map; null averages over the layers.
        distance: D.
        stride_px: side of the squares over which pictures are averaged first; the cost falls with its square.

    Raises:
        ValueError: a weight is negative or not finite, all are 0, there are not as many as layers, the distance is
            unknown, or stride_px is below 1.

    Source:
        Johnson, Alahi and Fei-Fei, ECCV 2016; for boundaries Mosinska et al., CVPR 2018.
    """

    def __init__(
        self,
        features: nn.Module,
        layer_weights: Sequence[float] | None = None,
        distance: Distance = "relative_l2",
        stride_px: int = 1,
    ) -> None:
        super().__init__()
        for weight in layer_weights or ():
            require_weight("layer_weights", weight)
        if layer_weights is not None and not any(layer_weights):
            raise ValueError(f"layer_weights must not all be 0, got {list(layer_weights)}")
        if distance not in _DISTANCES:
            raise ValueError(f"distance must be one of {', '.join(_DISTANCES)}, got {distance}")
        if stride_px < 1:
            raise ValueError(f"stride_px must be >= 1, got {stride_px}")
        self.features = FrozenNetwork(features)
        self.layer_weights, self.stride_px = layer_weights, stride_px
        self._distance = _DISTANCES[distance]

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted sums over the layers."""
        predicted = self._extract(logits.sigmoid())
        with torch.no_grad():
            true = self._extract(target)
        weights = self.layer_weights or [1 / len(true)] * len(true)
        if len(weights) != len(true):
            raise ValueError(f"layer_weights must have one weight per layer, {len(true)}, got {len(weights)}")
        layers = [weight * self._distance(a, b) for weight, a, b in zip(weights, predicted, true, strict=True)]
        return torch.stack(layers).sum(dim=0).reshape(len(logits), -1).mean(dim=1)

    def _extract(self, picture: Tensor) -> Sequence[Tensor]:
        """Return the feature maps of (N, K, H, W), each channel a picture of its own."""
        pictures = picture.reshape(-1, 1, *picture.shape[2:])
        if self.stride_px > 1:
            pictures = functional.avg_pool2d(pictures, self.stride_px, ceil_mode=True)
        feature_maps: Sequence[Tensor] = self.features(pictures.contiguous(memory_format=torch.channels_last))
        return feature_maps


def _l2(predicted: Tensor, true: Tensor) -> Tensor:
    return (predicted - true).square().flatten(1).mean(dim=1)


def _relative_l2(predicted: Tensor, true: Tensor) -> Tensor:
    return _l2(predicted, true) / true.square().flatten(1).mean(dim=1).clamp_min(1e-6)


def _cosine(predicted: Tensor, true: Tensor) -> Tensor:
    return 1 - functional.cosine_similarity(predicted, true, dim=1, eps=1e-6).flatten(1).mean(dim=1)


def _gram(predicted: Tensor, true: Tensor) -> Tensor:
    return _relative_l2(_correlations(predicted), _correlations(true))


def _correlations(feature_maps: Tensor) -> Tensor:
    flat = feature_maps.flatten(2)
    return flat @ flat.mT / flat.shape[2]


_DISTANCES = {"relative_l2": _relative_l2, "l2": _l2, "cosine": _cosine, "gram": _gram}
