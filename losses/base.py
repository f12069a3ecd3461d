"""The contract of every loss: shapes, precision, one value per image."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class SegmentationLoss(nn.Module, ABC):
    """A loss between logits and a binary target, both (N, K, H, W); channel 0 is the boundary.

    A subclass computes one value per image; the loss of the batch is their mean, so that an image
    weighs the same in every batch. Half precision is raised to float32 before anything is computed.
    """

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the images of `per_image`.

        Args:
            logits: (N, K, H, W), floating point, before the sigmoid.
            target: (N, K, H, W), values 0 and 1, the same shape as `logits`.

        Returns:
            A scalar.

        Raises:
            ValueError: the shapes differ or are not (N, K, H, W).
        """
        if logits.ndim != 4 or logits.shape != target.shape:
            raise ValueError(
                f"{type(self).__name__}: logits and target must have the same shape (N, K, H, W), "
                f"got {tuple(logits.shape)} and {tuple(target.shape)}"
            )
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        with torch.autocast(logits.device.type, enabled=False):
            return self.per_image(logits, target.to(logits.dtype)).mean()

    @abstractmethod
    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each image.

        Args:
            logits: (N, K, H, W), float32 or float64, before the sigmoid.
            target: (N, K, H, W), values 0 and 1, in the dtype of `logits`.

        Returns:
            (N,), smallest where the prediction is perfect.
        """
