"""Fold batch normalization into the convolution before it."""

import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from seg.network.fast_decoder import UpsampledConvolution

#: Subclasses that change their weights on the way, e.g. by standardization, cannot be folded into.
_CONVOLUTIONS = (nn.Conv2d, Conv2dSame, UpsampledConvolution)


def fold_batch_norm(network: nn.Module, example: Tensor) -> None:
    """Move every BatchNorm2d that follows a convolution into the weights of that convolution, in place.

    Which one follows which is recorded in one forward pass, since the networks of segmentation-models-pytorch cannot be
    traced symbolically. What a BatchNorm has beside the normalization (timm gives it an activation) stays.

    Args:
        network: in evaluation mode.
        example: an input (N, C, H, W) that the network takes.
    """
    for convolution, norm in _pairs(network, example):
        convolution.weight, convolution.bias = fuse_conv_bn_weights(
            convolution.weight,
            convolution.bias,
            _present(norm.running_mean),
            _present(norm.running_var),
            norm.eps,
            norm.weight,
            norm.bias,
        )
        _replace(network, norm, _what_remains(norm))


def _pairs(network: nn.Module, example: Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Return convolutions and the norms that read their output; a layer that is used twice is left alone."""
    outputs: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # the tensors are kept, so that no address is used again
    readers: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []

    def remember(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d)
        outputs[id(output)] = layer, output

    def find(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d)
        if id(inputs[0]) in outputs:
            readers.append((outputs[id(inputs[0])][0], layer))

    hooks = [layer.register_forward_hook(remember) for layer in network.modules() if type(layer) in _CONVOLUTIONS]
    norms = (layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))
    hooks += [layer.register_forward_pre_hook(find) for layer in norms if layer.track_running_stats]
    with torch.no_grad():
        network(example)
    for hook in hooks:
        hook.remove()
    used = [id(layer) for pair in readers for layer in pair] + [id(layer) for layer, _ in outputs.values()]
    return [pair for pair in readers if used.count(id(pair[0])) == 2 and used.count(id(pair[1])) == 1]


def _present(statistic: Tensor | None) -> Tensor:
    assert statistic is not None
    return statistic


def _what_remains(norm: nn.BatchNorm2d) -> nn.Module:
    """Return what timm's BatchNormAct2d does after normalizing, nothing for a plain BatchNorm2d."""
    layers = [getattr(norm, name) for name in ("drop", "act") if isinstance(getattr(norm, name, None), nn.Module)]
    return nn.Sequential(*layers)


def _replace(network: nn.Module, layer: nn.Module, substitute: nn.Module) -> None:
    name = next(name for name, module in network.named_modules() if module is layer)
    network.set_submodule(name, substitute)
