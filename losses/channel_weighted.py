"""Any loss, with weights for the channels."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from losses.base import SegmentationLoss
from losses.checks import require_weight


class ChannelWeightedLoss(SegmentationLoss):
    """A weighted mean over the channels of another loss, which is computed of each channel alone.

    L = sum over channels k of w_k L'(z_k, t_k) / sum of w_k, z the logits.

    Args:
        loss: L'.
        weights: w_k, >= 0, one per channel, the boundary first; at least one is positive.

    Raises:
        ValueError: a weight is negative or not finite, or none is positive.
    """

    def __init__(self, loss: SegmentationLoss, weights: Sequence[float]) -> None:
        super().__init__()
        for weight in weights:
            require_weight("weights", weight)
        if not sum(weights):
            raise ValueError(f"weights must be one per channel, at least one above 0, got {list(weights)}")
        self.loss, self.weights = loss, list(weights)
        self.bounds = loss.bounds
        self.gradient_is_derivative = loss.gradient_is_derivative
        self.permutation_invariant = loss.permutation_invariant

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted means."""
        return self._mean_over_channels(
            lambda channel: self.loss.per_image(logits[:, channel], target[:, channel]), logits
        )

    def per_annotated(self, logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Return the weighted mean, (1,), of the inner loss."""
        return self._mean_over_channels(
            lambda channel: self.loss.per_annotated(logits[:, channel], target[:, channel], valid), logits
        )

    def _mean_over_channels(self, value: Callable[[slice], Tensor], logits: Tensor) -> Tensor:
        if logits.shape[1] != len(self.weights):
            raise ValueError(f"weights must be one per channel, {logits.shape[1]}, got {self.weights}")
        channels = [weight * value(slice(k, k + 1)) for k, weight in enumerate(self.weights) if weight]
        return torch.stack(channels).sum(dim=0) / sum(self.weights)
