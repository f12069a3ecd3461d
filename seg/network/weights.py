"""Weights of encoders from a file, and what to do where the model hub's cannot be had."""

import pickle
from pathlib import Path
from typing import Any

import safetensors.torch
import segmentation_models_pytorch as smp
import timm
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

SUFFIXES = (".safetensors", ".pth", ".pt")
#: Encoders of timm in segmentation-models-pytorch.
TIMM_PREFIX = "tu-"


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict; no code in the file is executed.

    Args:
        path: .safetensors, .pth or .pt; a checkpoint may hold it under "state_dict" or "model".

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not a file of weights.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"encoder_weights must be packaged, imagenet, null or a file {', '.join(SUFFIXES)}, got {path}"
        )
    if not path.is_file():
        raise FileNotFoundError(f"no such file of weights: {path}")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(f"{path} is damaged or holds more than weights: it is not loaded") from error
    held: Any = content.get("state_dict", content.get("model", content)) if isinstance(content, dict) else {}
    weights = {name: value for name, value in held.items() if isinstance(value, Tensor)}
    if not weights:
        raise ValueError(f"{path} holds no weights: a state dict, name -> tensor, was expected")
    return weights


def read_network_weights(file: Path) -> dict[str, Tensor]:
    """Return the weights of the network alone, under its own names; nothing in the file is executed.

    Args:
        file: a checkpoint of a run, or the .safetensors of an artifact.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it cannot be read as weights.
    """
    if not file.is_file():
        raise FileNotFoundError(f"no such checkpoint: {file}")
    try:
        if file.suffix == ".safetensors":
            return safetensors.torch.load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)["state_dict"]
    except (SafetensorError, pickle.UnpicklingError, KeyError, RuntimeError, EOFError) as error:
        raise ValueError(f"{file} cannot be read as weights: it is damaged or no checkpoint of ours") from error
    prefix = "network."
    return {key.removeprefix(prefix): value.contiguous() for key, value in state.items() if key.startswith(prefix)}


def load_encoder(encoder: nn.Module, weights: dict[str, Tensor], source: str) -> None:
    """Load the weights of a whole model into an encoder, timm's or smp's, in place.

    Weights of parts that the encoder does not have, e.g. of a classifier, are ignored; the input layer's weights for
    three channels are summed for an encoder of grey images, and shared evenly by those of another number of channels.

    Args:
        encoder: its names may have "_" where the file has ".", as timm's encoders do.
        weights: name -> tensor.
        source: of the weights, for the message.

    Raises:
        ValueError: weights are missing or have other shapes.
    """
    named = {name.replace("_", "."): value for name, value in weights.items()}
    own = encoder.state_dict()
    fitting = {name: _of_channels(named.get(name.replace("_", ".")), expected) for name, expected in own.items()}
    unfit = [
        name
        for name, value in fitting.items()
        if (value is None and not name.endswith("num_batches_tracked"))
        or (value is not None and value.shape != own[name].shape)
    ]
    if unfit:
        raise ValueError(
            f"{source} does not fit the encoder: {len(unfit)} of {len(own)} weights are missing or of another shape, "
            f"e.g. {unfit[0]}"
        )
    encoder.load_state_dict({name: own[name] if value is None else value for name, value in fitting.items()})


def _of_channels(value: Tensor | None, expected: Tensor) -> Tensor | None:
    """Share the sum of an input layer's three channels where the encoder has another number: equal ones act as grey."""
    if value is None or value.ndim != 4 or value.shape[1] != 3 or expected.shape[1] == 3:
        return value
    channels = expected.shape[1]
    return value.sum(dim=1, keepdim=True).expand(-1, channels, -1, -1) / channels


def hub_file(encoder: str) -> str:
    """Return where an encoder's ImageNet weights are on the model hub.

    Args:
        encoder: of segmentation-models-pytorch.
    """
    if encoder.startswith(TIMM_PREFIX):
        settings = timm.get_pretrained_cfg(encoder.removeprefix(TIMM_PREFIX))
        return f"{settings.hf_hub_id}, model.safetensors" if settings else encoder
    imagenet = smp.encoders.encoders[encoder]["pretrained_settings"]["imagenet"]
    return f"{imagenet['repo_id']}, model.safetensors" if "repo_id" in imagenet else str(imagenet["url"])
