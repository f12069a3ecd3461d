"""Masks, right and wrong predictions on which the contract is checked."""

from collections.abc import Iterator

import torch
from torch import Tensor

from losses.base import SegmentationLoss

#: The logit of a certain prediction.
CERTAIN = 50.0


def masks(images: int, channels: int, height: int, width: int) -> Tensor:
    """Return masks that all differ, images x channels x height x width: a line and a block, 0 and 1 in each.

    Args:
        images: N.
        channels: K.
        height: at least 8.
        width: at least 8.
    """
    target = torch.zeros(images, channels, height, width)
    for image in range(images):
        for channel in range(channels):
            shift = image + 2 * channel
            target[image, channel, :, (2 + shift) % width] = 1
            rows = slice(height // 4 + shift % 2, height // 2 + 1)
            target[image, channel, rows, width // 2 + shift % 3 : -2] = 1
    return target


def example(
    loss: SegmentationLoss, channels: int, images: int = 2, height: int = 16, width: int = 16
) -> tuple[Tensor, Tensor]:
    """Return random logits and masks, images x channels x height x width, on the device of the loss.

    Args:
        loss: decides about the device.
        channels: K.
        images: N.
        height: at least 8.
        width: at least 8.
    """
    generator = torch.Generator().manual_seed(images * height * width)
    device = next((tensor.device for tensor in (*loss.parameters(), *loss.buffers())), torch.device("cpu"))
    logits = torch.randn(images, channels, height, width, generator=generator)
    return logits.to(device), masks(images, channels, height, width).to(device)


def certain(target: Tensor, logit: float = CERTAIN) -> Tensor:
    """Return the logits of the perfect prediction.

    Args:
        target: (N, K, H, W), values 0 and 1.
        logit: of the boundary; the background has its opposite.
    """
    return (target * 2 - 1) * logit


def wrong_predictions(logits: Tensor, target: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield named wrong predictions of the target.

    Args:
        logits: the random prediction.
        target: (N, K, H, W), values 0 and 1.
    """
    yield "black", torch.full_like(target, -CERTAIN)
    yield "white", torch.full_like(target, CERTAIN)
    yield "grey", torch.zeros_like(target)
    yield "the mask's opposite", -certain(target)
    yield "the mask shifted by one pixel", certain(target.roll(1, dims=-1))
    yield "a random prediction", logits


def single_errors(target: Tensor, channel: int) -> Tensor:
    """Return the mask with one wrong pixel, for each pixel of one channel: (H * W, K, H, W).

    Args:
        target: (1, K, H, W), values 0 and 1.
        channel: the one with the error.
    """
    height, width = target.shape[2:]
    flipped = target.repeat(height * width, 1, 1, 1)
    pixels = torch.arange(height * width, device=target.device)
    flipped.view(height * width, -1, height * width)[pixels, channel, pixels] = 1 - target[0, channel].flatten()
    return flipped


def block_errors(target: Tensor, channel: int, side: int) -> Tensor:
    """Return the mask with one inverted square, at nine places up to the borders of one channel: (9, K, H, W).

    Args:
        target: (1, K, H, W), values 0 and 1.
        channel: the one with the error.
        side: of the square, in pixels.
    """
    height, width = target.shape[2:]
    flipped = target.repeat(9, 1, 1, 1)
    tops, lefts = (0, (height - side) // 2, height - side), (0, (width - side) // 2, width - side)
    for number, (top, left) in enumerate((top, left) for top in tops for left in lefts):
        block = (number, channel, slice(top, top + side), slice(left, left + side))
        flipped[block] = 1 - flipped[block]
    return flipped
