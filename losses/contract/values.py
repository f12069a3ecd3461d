"""Rules of the contract about values: which prediction costs how much."""

import torch
from torch import Tensor

from losses.base import SegmentationLoss
from losses.contract.examples import block_errors, certain, example, single_errors, wrong_predictions
from losses.contract.requirements import CLOSE, require

#: An error must cost more than the perfect prediction by this at least: more than rounding.
_MORE = 1e-6


def per_image_returns_one_value_per_image(loss: SegmentationLoss, channels: int) -> None:
    """`per_image` must return (N,)."""
    logits, target = example(loss, channels)
    shape = tuple(loss.per_image(logits, target).shape)
    require(shape == (2,), loss, f"per_image must return one value per image, (2,), got {shape}")


def the_perfect_prediction_costs_least(loss: SegmentationLoss, channels: int) -> None:
    """It must cost the lower bound, and each wrong prediction more."""
    logits, target = example(loss, channels)
    perfect = loss(certain(target), target).item()
    near = abs(perfect - loss.bounds[0]) < CLOSE
    require(near, loss, f"the perfect prediction must cost the lower bound, {loss.bounds[0]:g}, it costs {perfect:g}")
    for name, wrong in wrong_predictions(logits, target):
        value = loss(wrong, target).item()
        require(value > perfect + _MORE, loss, f"{name} must cost more than the perfect prediction, it costs {value:g}")


def values_stay_within_the_bounds(loss: SegmentationLoss, channels: int) -> None:
    """Every prediction must cost at least the lower and at most the upper bound."""
    logits, target = example(loss, channels)
    lowest, highest = loss.bounds
    for name, wrong in wrong_predictions(logits, target):
        for mask in (target, torch.zeros_like(target), torch.ones_like(target)):
            value = loss(wrong, mask).item()
            within = lowest - CLOSE <= value <= highest + CLOSE
            require(within, loss, f"{name} costs {value:g}, outside of the bounds {lowest:g} and {highest:g}")


def every_missed_boundary_costs(loss: SegmentationLoss, channels: int) -> None:
    """A missed boundary must cost more than the perfect prediction: one pixel anywhere, in any channel."""
    _, target = example(loss, channels, images=1, height=15, width=19)
    for channel in range(channels):
        excess = _excess(loss, single_errors(target, channel), target).reshape(target.shape[2:])
        _require_all_cost(loss, excess, target[0, channel] == 1, f"a missed boundary in channel {channel}")


def every_false_boundary_costs(loss: SegmentationLoss, channels: int) -> None:
    """A false boundary must cost more than the perfect prediction: one pixel anywhere, in any channel."""
    _, target = example(loss, channels, images=1, height=15, width=19)
    for channel in range(channels):
        excess = _excess(loss, single_errors(target, channel), target).reshape(target.shape[2:])
        _require_all_cost(loss, excess, target[0, channel] == 0, f"a false boundary in channel {channel}")


def every_part_of_a_large_image_counts(loss: SegmentationLoss, channels: int) -> None:
    """Errors in the corners, along the borders and in the middle of a larger image must cost something."""
    side = 12
    _, target = example(loss, channels, images=1, height=97, width=130)
    for channel in range(channels):
        excess = _excess(loss, block_errors(target, channel, side), target)
        place = int(excess.argmin())
        words = f"an inverted square of {side} px at place {place} of 9 (row by row) of a 97 x 130 image"
        require(bool(excess.min() > _MORE), loss, f"{words} must cost something in channel {channel}")


def all_black_and_all_white_cost_in_each_channel(loss: SegmentationLoss, channels: int) -> None:
    """A channel that is predicted all background or all boundary, the others perfectly, must cost something."""
    _, target = example(loss, channels, images=1)
    for channel in range(channels):
        for name, level in (("background", 0), ("boundary", 1)):
            prediction = target.clone()
            prediction[:, channel] = level
            excess = _excess(loss, prediction, target).item()
            require(
                excess > _MORE,
                loss,
                f"channel {channel} predicted all {name} must cost more than the perfect prediction, by {excess:g}",
            )


def _excess(loss: SegmentationLoss, predictions: Tensor, target: Tensor) -> Tensor:
    """Return how much more than the perfect prediction certain predictions (M, K, H, W) of one mask cost, (M,)."""
    with torch.no_grad():
        values: Tensor = loss.per_image(certain(predictions), target.expand_as(predictions))
        perfect: Tensor = loss(certain(target), target)
    return values - perfect


def _require_all_cost(loss: SegmentationLoss, excess: Tensor, at: Tensor, words: str) -> None:
    row, column = divmod(int(excess.masked_fill(~at, float("inf")).argmin()), excess.shape[1])
    least = excess[row, column].item()
    require(
        least > _MORE,
        loss,
        f"{words}, row {row}, column {column} of {tuple(excess.shape)} must cost more than the perfect prediction, "
        f"it costs {least:g} more",
    )
