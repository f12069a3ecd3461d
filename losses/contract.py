"""A first look at a loss, before hours are spent on it."""

import torch

from losses.base import SegmentationLoss


def check_contract(loss: SegmentationLoss, channels: int = 1) -> None:
    """Refuse a loss that could not train: its value must be one finite number with a finite gradient.

    Args:
        loss: tried on random logits against a mask with one straight boundary, 2 x channels x 64 x 64.
        channels: K, the channels of the mask.

    Raises:
        ValueError: names the loss and what does not fit.
    """
    name = type(loss).__name__
    generator = torch.Generator().manual_seed(0)
    device = next((tensor.device for tensor in (*loss.parameters(), *loss.buffers())), torch.device("cpu"))
    logits = torch.randn(2, channels, 64, 64, generator=generator).to(device).requires_grad_()
    target = torch.zeros(2, channels, 64, 64, device=device)
    target[..., 30:34] = 1
    per_image = loss.per_image(logits, target)
    if per_image.shape != (2,):
        raise ValueError(f"{name}: per_image must return one value per image, (2,), got {tuple(per_image.shape)}")
    value = loss(logits, target)
    if not torch.isfinite(value):
        raise ValueError(f"{name}: the value for random logits must be finite, got {value}")
    if not value.requires_grad:
        raise ValueError(
            f"{name}: the value must depend on the logits by differentiable operations, it has no gradient"
        )
    (gradient,) = torch.autograd.grad(value, logits, allow_unused=True)
    if gradient is None or not torch.isfinite(gradient).all() or not gradient.any():
        raise ValueError(f"{name}: the gradient for random logits must be finite and not zero everywhere")
