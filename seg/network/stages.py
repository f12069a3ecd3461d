"""The stages of an encoder, from the image on: what fine-tuning freezes, and where its learning rates fall."""

import math
from typing import Any

import torch
from torch import Tensor, nn

#: Side of the image that finds the stages, in strides of the network.
_STRIDES = 4


def encoder_stages(encoder: nn.Module, in_channels: int, stride_px: int) -> list[list[nn.Parameter]]:
    """Return the weights of each stage; a stage ends where the encoder reduces the resolution.

    What the encoder does not use, e.g. a layer before a classifier, belongs to the last stage.

    Args:
        encoder: of segmentation-models-pytorch.
        in_channels: of its images.
        stride_px: the total stride of the network, in pixels.
    """
    order: list[tuple[int, nn.Module]] = []
    side = stride_px * _STRIDES
    hooks = [module.register_forward_hook(_noting(order, side)) for module in encoder.modules() if _own(module)]
    was_training = encoder.training
    try:
        with torch.no_grad():
            parameter = next(encoder.parameters())
            encoder.eval()(torch.zeros(1, in_channels, side, side, device=parameter.device, dtype=parameter.dtype))
    finally:
        encoder.train(was_training)
        for hook in hooks:
            hook.remove()
    stages: dict[int, list[nn.Parameter]] = {}
    for level, module in order:
        stages.setdefault(level, []).extend(_own(module))
    used = [list(dict.fromkeys(stage)) for stage in stages.values()]
    known = {parameter for stage in used for parameter in stage}
    used[-1] += [parameter for parameter in encoder.parameters() if parameter not in known]
    return used


def _own(module: nn.Module) -> list[nn.Parameter]:
    return list(module.parameters(recurse=False))


def _noting(order: list[tuple[int, nn.Module]], side: int) -> Any:
    """Return a hook that notes the module and by which power of two its answer is smaller than the image."""

    def note(module: nn.Module, inputs: Any, answer: Tensor | tuple[Tensor, ...]) -> None:
        first = answer if isinstance(answer, Tensor) else answer[0]
        level = order[-1][0] if order else 0
        if first.ndim == 4 and first.shape[2] == first.shape[3] > 1:  # not: pooled, or tokens of a transformer
            level = max(level, round(math.log2(side / first.shape[2])))
        order.append((level, module))

    return note
