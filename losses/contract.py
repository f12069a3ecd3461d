"""The contract of every loss as checks: a quick one before training, and the full one."""

from collections.abc import Callable

import torch
from torch import Tensor

from losses.base import SegmentationLoss
from losses.contract_examples import SURE, example, sure, wrong_answers

Check = Callable[[SegmentationLoss, int], None]
_CLOSE = 1e-5


def check_contract(loss: SegmentationLoss, channels: int = 1) -> None:
    """Refuse a loss that could not train: it needs one finite value per image and a finite gradient.

    Args:
        loss: tried on random logits and a mask with one straight boundary.
        channels: K, the channels of the mask.

    Raises:
        ValueError: names the loss and the broken rule.
    """
    for check in (one_value_per_image, finite_for_random_logits):
        check(loss, channels)


def examine(loss: SegmentationLoss, channels: int = 1) -> dict[str, str]:
    """Check the full contract.

    Args:
        loss: in float32; it is left as it was.
        channels: K, the channels of the mask.

    Returns:
        Rule -> how it is broken, empty if it holds.
    """
    found = {}
    for check in CHECKS:
        try:
            check(loss, channels)
        except ValueError as error:
            found[check.__name__.replace("_", " ")] = str(error)
        except Exception as error:  # a user's loss may raise anything: that is a finding, too
            found[check.__name__.replace("_", " ")] = (
                f"{type(loss).__name__}: it raised {type(error).__name__}: {error}"
            )
        else:
            found[check.__name__.replace("_", " ")] = ""
    return found


def one_value_per_image(loss: SegmentationLoss, channels: int) -> None:
    """`per_image` must return (N,)."""
    logits, target = example(loss, channels)
    shape = tuple(loss.per_image(logits, target).shape)
    _require(shape == (2,), loss, f"per_image must return one value per image, (2,), got {shape}")


def finite_for_random_logits(loss: SegmentationLoss, channels: int) -> None:
    """The value must be finite, the gradient finite and not zero everywhere."""
    logits, target = example(loss, channels)
    _, gradient = _value_and_gradient(loss, logits, target, "random logits")
    _require(bool(gradient.any()), loss, "the gradient for random logits must not be zero everywhere")


def finite_for_empty_full_and_saturated(loss: SegmentationLoss, channels: int) -> None:
    """Value and gradient must be finite for empty and full masks and for logits of -50, 0 and 50."""
    logits, target = example(loss, channels)
    for mask in (torch.zeros_like(target), torch.ones_like(target), target):
        for level in (-SURE, 0.0, SURE):
            words = f"logits of {level:g} on a mask with {mask.mean():.0%} boundary"
            _value_and_gradient(loss, torch.full_like(logits, level), mask, words)


def smallest_for_the_perfect_prediction(loss: SegmentationLoss, channels: int) -> None:
    """The perfect prediction must cost the lower bound, and no wrong prediction less."""
    logits, target = example(loss, channels)
    perfect = loss(sure(target), target).item()
    near = abs(perfect - loss.bounds[0]) < _CLOSE
    _require(near, loss, f"the perfect prediction must cost the lower bound, {loss.bounds[0]:g}, it costs {perfect:g}")
    for name, wrong in wrong_answers(logits, target):
        value = loss(wrong, target).item()
        _require(value > perfect - _CLOSE, loss, f"{name} must not cost less than the perfect prediction: {value:g}")


def within_the_bounds(loss: SegmentationLoss, channels: int) -> None:
    """Every prediction must cost at least the lower and at most the upper bound."""
    logits, target = example(loss, channels)
    lowest, highest = loss.bounds
    for name, wrong in wrong_answers(logits, target):
        for mask in (target, torch.zeros_like(target), torch.ones_like(target)):
            value = loss(wrong, mask).item()
            within = lowest - _CLOSE <= value <= highest + _CLOSE
            _require(within, loss, f"{name} costs {value:g}, outside of the bounds {lowest:g} and {highest:g}")


def a_false_boundary_on_an_empty_mask_is_punished(loss: SegmentationLoss, channels: int) -> None:
    """The gradient must reduce it."""
    _, target = example(loss, channels)
    for words, logits in (("all", torch.full_like(target, 2.0)), ("part", 4 * target - 2)):
        _, gradient = _value_and_gradient(loss, logits, torch.zeros_like(target), f"{words} boundary on an empty mask")
        total = gradient[logits > 0].sum().item()
        _require(total > 0, loss, f"{words} boundary on an empty mask must be reduced, its gradient sums to {total:g}")


def the_gradient_is_the_derivative(loss: SegmentationLoss, channels: int) -> None:
    """It must equal finite differences in float64, unless `gradient_is_derivative` is False."""
    if not loss.gradient_is_derivative:
        return
    logits, target = (tensor[..., :8, 2:10].double() for tensor in example(loss, channels))
    kept = {name: tensor.clone() for name, tensor in (*loss.named_parameters(), *loss.named_buffers())}
    try:
        right = torch.autograd.gradcheck(
            lambda free: loss.double()(free, target), logits.requires_grad_(), fast_mode=True, raise_exception=False
        )
    finally:
        loss.float()
        for name, tensor in (*loss.named_parameters(), *loss.named_buffers()):
            tensor.data.copy_(kept[name])
    _require(right, loss, "the gradient must be the derivative of the value")


def the_batch_costs_the_mean_of_its_images(loss: SegmentationLoss, channels: int) -> None:
    """An image's value must not depend on the other images."""
    logits, target = example(loss, channels)
    alone = torch.stack([loss(logits[n : n + 1], target[n : n + 1]) for n in range(2)]).mean()
    _require_equal(loss, loss(logits, target), alone, "a batch must cost the mean of its images")


def padding_is_ignored(loss: SegmentationLoss, channels: int) -> None:
    """Pixels outside of `valid` must have neither influence nor gradient."""
    logits, target = example(loss, channels)
    valid = torch.zeros_like(target[:, :1]).bool()
    valid[..., 2:14, 1:15] = True
    inside = (..., slice(2, 14), slice(1, 15))
    cut = loss(logits[inside], target[inside])
    free = torch.where(valid, logits, SURE).requires_grad_()
    value = loss(free, target, valid)
    _require_equal(loss, value, cut, "padding must not change the value")
    (gradient,) = torch.autograd.grad(value, free)
    _require(not gradient[~valid.expand_as(gradient)].any(), loss, "padding must have no gradient")


def half_precision_and_autocast_are_safe(loss: SegmentationLoss, channels: int) -> None:
    """Half-precision logits must be computed in float32."""
    logits, target = example(loss, channels)
    with torch.autocast(logits.device.type, dtype=torch.bfloat16):
        inside = loss(logits, target)
    _require_equal(loss, inside, loss(logits, target), "autocast must not change the value")
    for dtype in (torch.float16, torch.bfloat16):
        half = logits.to(dtype)
        _require_equal(loss, loss(half, target), loss(half.float(), target), f"{dtype} must be computed in float32")


def nothing_leaks_between_batches(loss: SegmentationLoss, channels: int) -> None:
    """The same batch must cost the same after another one, in training and in evaluation."""
    logits, target = example(loss, channels)
    first = loss(logits, target)
    loss(-logits, 1 - target)
    _require_equal(loss, loss(logits, target), first, "the same batch must cost the same after another batch")
    training = loss.training
    _require_equal(loss, loss.train(not training)(logits, target), first, "training and evaluation must cost the same")
    loss.train(training)


#: The full contract; a loss that breaks an early rule usually breaks later ones as well.
CHECKS: tuple[Check, ...] = (
    one_value_per_image,
    finite_for_random_logits,
    finite_for_empty_full_and_saturated,
    smallest_for_the_perfect_prediction,
    within_the_bounds,
    a_false_boundary_on_an_empty_mask_is_punished,
    the_gradient_is_the_derivative,
    the_batch_costs_the_mean_of_its_images,
    padding_is_ignored,
    half_precision_and_autocast_are_safe,
    nothing_leaks_between_batches,
)


def _value_and_gradient(loss: SegmentationLoss, logits: Tensor, target: Tensor, words: str) -> tuple[Tensor, Tensor]:
    free = logits.clone().requires_grad_()
    value = loss(free, target)
    _require(bool(torch.isfinite(value)), loss, f"the value for {words} must be finite, got {value.item()}")
    _require(
        value.requires_grad,
        loss,
        "the value must depend on the logits by differentiable operations, it has no gradient",
    )
    (gradient,) = torch.autograd.grad(value, free, allow_unused=True, materialize_grads=True)
    _require(bool(torch.isfinite(gradient).all()), loss, f"the gradient for {words} must be finite")
    return value, gradient


def _require_equal(loss: SegmentationLoss, value: Tensor, expected: Tensor, rule: str) -> None:
    same = torch.isclose(value.float(), expected.float(), rtol=_CLOSE, atol=_CLOSE).item()
    _require(bool(same), loss, f"{rule}: {value.item():g} and {expected.item():g}")


def _require(fulfilled: bool, loss: SegmentationLoss, rule: str) -> None:
    if not fulfilled:
        raise ValueError(f"{type(loss).__name__}: {rule}")
