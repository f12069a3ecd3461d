"""How a rule is checked and its breach is described."""

import torch
from torch import Tensor

from losses.base import SegmentationLoss

#: Of values that should be equal.
CLOSE = 1e-5


def require(fulfilled: bool, loss: SegmentationLoss, rule: str) -> None:
    """Raise unless a rule is fulfilled.

    Args:
        fulfilled: whether it is.
        loss: its class is named in the message.
        rule: what the loss must do, and what it does.

    Raises:
        ValueError: it is not fulfilled.
    """
    if not fulfilled:
        raise ValueError(f"{type(loss).__name__}: {rule}")


def require_equal(loss: SegmentationLoss, value: Tensor, expected: Tensor, rule: str) -> None:
    """Raise unless two values are equal up to rounding.

    Args:
        loss: its class is named in the message.
        value: a scalar.
        expected: a scalar.
        rule: what the loss must do.

    Raises:
        ValueError: they differ.
    """
    same = torch.isclose(value.float(), expected.float(), rtol=CLOSE, atol=CLOSE).item()
    require(bool(same), loss, f"{rule}: {value.item():g} and {expected.item():g}")


def value_and_gradient(loss: SegmentationLoss, logits: Tensor, target: Tensor, words: str) -> tuple[Tensor, Tensor]:
    """Return the value and its gradient with respect to the logits.

    Args:
        loss: computes the value.
        logits: (N, K, H, W).
        target: (N, K, H, W), values 0 and 1.
        words: name the logits in the message.

    Raises:
        ValueError: value or gradient is not finite, or there is no gradient.
    """
    free = logits.clone().requires_grad_()
    value = loss(free, target)
    require(bool(torch.isfinite(value)), loss, f"the value for {words} must be finite, got {value.item()}")
    require(
        value.requires_grad,
        loss,
        "the value must depend on the logits by differentiable operations, it has no gradient",
    )
    (gradient,) = torch.autograd.grad(value, free, allow_unused=True, materialize_grads=True)
    require(bool(torch.isfinite(gradient).all()), loss, f"the gradient for {words} must be finite")
    return value.detach(), gradient
