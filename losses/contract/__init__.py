"""The contract of every loss as rules: a quick check before training, and the full one."""

import copy
from collections.abc import Callable

from losses.base import SegmentationLoss
from losses.contract.conditions import (
    a_batch_costs_the_mean_of_its_images,
    generators_and_inputs_keep_their_values,
    half_precision_is_computed_in_float32,
    images_of_any_size_are_accepted,
    nothing_is_kept_between_batches,
    padding_is_ignored,
    places_do_not_matter_where_the_loss_says_so,
    validation_costs_the_same_as_training,
    void_pixels_are_ignored,
)
from losses.contract.gradients import (
    a_false_boundary_on_an_empty_mask_is_reduced,
    the_gradient_is_proportional_to_the_value,
    the_gradient_is_the_derivative,
    the_gradient_reduces_errors_of_both_classes_in_each_channel,
    value_and_gradient_are_finite_for_extreme_logits,
    value_and_gradient_are_finite_for_random_logits,
)
from losses.contract.values import (
    all_black_and_all_white_cost_in_each_channel,
    every_false_boundary_costs,
    every_missed_boundary_costs,
    every_part_of_a_large_image_counts,
    per_image_returns_one_value_per_image,
    the_perfect_prediction_costs_least,
    values_stay_within_the_bounds,
)

Rule = Callable[[SegmentationLoss, int], None]

#: What a loss must keep to be trained; each takes milliseconds.
QUICK_RULES: tuple[Rule, ...] = (
    per_image_returns_one_value_per_image,
    value_and_gradient_are_finite_for_random_logits,
    all_black_and_all_white_cost_in_each_channel,
    validation_costs_the_same_as_training,
    places_do_not_matter_where_the_loss_says_so,
)
#: The full contract; a loss that breaks an early rule usually breaks later ones as well.
RULES: tuple[Rule, ...] = (
    *QUICK_RULES,
    value_and_gradient_are_finite_for_extreme_logits,
    images_of_any_size_are_accepted,
    the_perfect_prediction_costs_least,
    values_stay_within_the_bounds,
    every_missed_boundary_costs,
    every_false_boundary_costs,
    every_part_of_a_large_image_counts,
    a_false_boundary_on_an_empty_mask_is_reduced,
    the_gradient_reduces_errors_of_both_classes_in_each_channel,
    the_gradient_is_the_derivative,
    the_gradient_is_proportional_to_the_value,
    a_batch_costs_the_mean_of_its_images,
    padding_is_ignored,
    void_pixels_are_ignored,
    half_precision_is_computed_in_float32,
    nothing_is_kept_between_batches,
    generators_and_inputs_keep_their_values,
)


def check_contract(loss: SegmentationLoss, channels: int = 1) -> None:
    """Refuse a loss that could not train or validate, or for which an empty or a full prediction is perfect.

    Args:
        loss: each rule is checked on a copy of it.
        channels: K, the channels of the mask.

    Raises:
        ValueError: names the loss and the broken rule.
    """
    for rule in QUICK_RULES:
        rule(copy.deepcopy(loss), channels)


def examine(loss: SegmentationLoss, channels: int = 1) -> dict[str, str]:
    """Check the full contract.

    Args:
        loss: in float32; each rule is checked on a copy of it.
        channels: K, the channels of the mask.

    Returns:
        Rule -> how it is broken, empty if it holds.
    """
    return {rule.__name__.replace("_", " "): _breach(rule, loss, channels) for rule in RULES}


def _breach(rule: Rule, loss: SegmentationLoss, channels: int) -> str:
    try:
        rule(copy.deepcopy(loss), channels)
    except ValueError as error:
        return str(error)
    except Exception as error:  # a user's loss may raise anything: that is a finding, too
        return f"{type(loss).__name__}: it raised {type(error).__name__}: {error}"
    return ""
