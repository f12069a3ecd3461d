"""Masks, right and wrong predictions on which the contract is checked."""

from collections.abc import Iterator

import torch
from torch import Tensor

from losses.base import SegmentationLoss

#: The logit of a certain prediction.
SURE = 50.0
_SIDE = 16


def example(loss: SegmentationLoss, channels: int) -> tuple[Tensor, Tensor]:
    """Return random logits and two masks, a line and a block, 2 x channels x 16 x 16, on the device of the loss."""
    generator = torch.Generator().manual_seed(0)
    device = next((tensor.device for tensor in (*loss.parameters(), *loss.buffers())), torch.device("cpu"))
    logits = torch.randn(2, channels, _SIDE, _SIDE, generator=generator)
    target = torch.zeros(2, channels, _SIDE, _SIDE)
    target[0, :, :, 5] = 1
    target[1, :, 3:9, 4:12] = 1
    return logits.to(device), target.to(device)


def sure(target: Tensor) -> Tensor:
    """Return the logits of the perfect prediction."""
    return (target * 2 - 1) * SURE


def wrong_answers(logits: Tensor, target: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield named wrong predictions of the target; `logits` is the random one."""
    yield "black", torch.full_like(target, -SURE)
    yield "white", torch.full_like(target, SURE)
    yield "grey", torch.zeros_like(target)
    yield "the mask's opposite", -sure(target)
    yield "the mask shifted by one pixel", sure(target.roll(1, dims=-1))
    yield "a random prediction", logits
