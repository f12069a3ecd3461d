"""Pixel-wise scores of one image. The positive class is the boundary.

IoU and Dice of an image without boundary are 1 if nothing is predicted, else 0. NaN is not predicted.
"""

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_average_precision, binary_calibration_error

from seg.metrics.unknown import without_nan


def overlap(probability: Tensor, mask: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    """Return IoU and Dice at each threshold.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W) bool.
        thresholds: (T,) ascending; a pixel is predicted where probability >= threshold.

    Returns:
        Two tensors (T,).
    """
    probability = without_nan(probability)
    true_positive = _count_at_least(probability[mask], thresholds)
    predicted = _count_at_least(probability, thresholds)
    actual = mask.sum()
    union = predicted + actual - true_positive
    iou = torch.where(union > 0, true_positive / union.clamp_min(1), 1.0)
    return iou, 2 * iou / (1 + iou)


def _count_at_least(values: Tensor, thresholds: Tensor) -> Tensor:
    """Count the values that reach each threshold."""
    reached = torch.bucketize(values.flatten(), thresholds, right=True)
    exactly = torch.bincount(reached, minlength=len(thresholds) + 1)
    return exactly.flip(0).cumsum(0).flip(0)[1:]


def average_precision(probability: Tensor, mask: Tensor) -> Tensor:
    """Return the average precision, a scalar: how well the probabilities rank the pixels, without a threshold.

    It is 1 for an image without boundary, where there is nothing to rank.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W) bool.
    """
    if not mask.any():
        return torch.ones(())
    return binary_average_precision(without_nan(probability).flatten(), mask.flatten().long(), validate_args=False)


def brier(probability: Tensor, mask: Tensor) -> Tensor:
    """Return the mean squared difference of probability and mask, a scalar; smaller is better.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W) bool.
    """
    return (without_nan(probability) - mask.to(probability.dtype)).square().mean()


def calibration_error(probability: Tensor, mask: Tensor) -> Tensor:
    """Return the expected calibration error over 15 equal bins, a scalar in [0, 1]; smaller is better.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W) bool.

    Source:
        Naeini, Cooper and Hauskrecht, AAAI 2015.
    """
    known, target = without_nan(probability).flatten(), mask.flatten().long()
    return binary_calibration_error(known, target, n_bins=15, validate_args=False)
