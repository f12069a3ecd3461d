"""Rules of the contract about gradients: that a network is led to the perfect prediction."""

import torch
from torch import Tensor

from losses.base import SegmentationLoss
from losses.contract.examples import CERTAIN, certain, example
from losses.contract.requirements import require, value_and_gradient

#: Between the gradient's integral and the change of the value, where the gradient is not the derivative.
_LARGEST_RATIO = 100.0


def value_and_gradient_are_finite_for_random_logits(loss: SegmentationLoss, channels: int) -> None:
    """The gradient must not be zero everywhere either."""
    logits, target = example(loss, channels)
    _, gradient = value_and_gradient(loss, logits, target, "random logits")
    require(bool(gradient.any()), loss, "the gradient for random logits must not be zero everywhere")


def value_and_gradient_are_finite_for_extreme_logits(loss: SegmentationLoss, channels: int) -> None:
    """For empty, full and usual masks, and for logits up to 10,000, right and wrong."""
    logits, target = example(loss, channels)
    for mask in (torch.zeros_like(target), torch.ones_like(target), target):
        words = f"on a mask with {mask.mean():.0%} boundary"
        for level in (0.0, CERTAIN, 90.0, 1e4):
            for sign in (-1, 1):
                value_and_gradient(
                    loss, torch.full_like(logits, sign * level), mask, f"logits of {sign * level:g} {words}"
                )
        value_and_gradient(loss, 1e4 * logits, mask, f"random logits times 10,000 {words}")


def a_false_boundary_on_an_empty_mask_is_reduced(loss: SegmentationLoss, channels: int) -> None:
    """The gradient must lower its logits."""
    _, target = example(loss, channels)
    for words, logits in (("all", torch.full_like(target, 2.0)), ("part", 4 * target - 2)):
        _, gradient = value_and_gradient(loss, logits, torch.zeros_like(target), f"{words} boundary on an empty mask")
        total = gradient[logits > 0].sum().item()
        require(total > 0, loss, f"{words} boundary on an empty mask must be reduced, its gradient sums to {total:g}")


def the_gradient_reduces_errors_of_both_classes_in_each_channel(loss: SegmentationLoss, channels: int) -> None:
    """It must raise the logits of a missed boundary and lower those of a false one."""
    _, target = example(loss, channels)
    for channel in range(channels):
        for words, boundary in (("missed", 1), ("false", 0)):
            logits = certain(target, 2.0)
            logits[:, channel] = 2.0 * (1 - 2 * boundary)  # everything in this channel is of the other class
            _, gradient = value_and_gradient(loss, logits, target, f"{words} boundary")
            total = gradient[:, channel][target[:, channel] == boundary].sum().item()
            require(
                total < 0 if boundary else total > 0,
                loss,
                f"a {words} boundary in channel {channel} must be reduced, its gradient sums to {total:g}",
            )


def the_gradient_is_the_derivative(loss: SegmentationLoss, channels: int) -> None:
    """It must equal finite differences in float64, unless `gradient_is_derivative` is False."""
    if not loss.gradient_is_derivative:
        return
    logits, target = (tensor.double() for tensor in example(loss, channels, height=8, width=9))
    right = torch.autograd.gradcheck(
        lambda free: loss.double()(free, target), logits.requires_grad_(), fast_mode=True, raise_exception=False
    )
    require(right, loss, "the gradient must be the derivative of the value")


def the_gradient_is_proportional_to_the_value(loss: SegmentationLoss, channels: int) -> None:
    """Summed up on the way to the perfect prediction it must be the change of the value, at least in magnitude."""
    logits, target = example(loss, channels)
    perfect = certain(target, 4.0)
    steps = torch.linspace(0.05, 0.95, 10).tolist()
    slopes = [_slope(loss, torch.lerp(logits, perfect, step), perfect - logits, target) for step in steps]
    expected = (loss(perfect, target) - loss(logits, target)).item()
    ratio = sum(slopes) / len(slopes) / expected if expected else float("inf")
    require(
        1 / _LARGEST_RATIO < ratio < _LARGEST_RATIO,
        loss,
        f"the gradient on the way to the perfect prediction must sum to the change of the value, not {ratio:.3g} of it",
    )


def _slope(loss: SegmentationLoss, logits: Tensor, direction: Tensor, target: Tensor) -> float:
    _, gradient = value_and_gradient(loss, logits, target, "logits between random and perfect ones")
    return (gradient * direction).sum().item()
