"""The contract of every loss: shapes, precision, one value per image."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class SegmentationLoss(nn.Module, ABC):
    """A loss between logits and a binary target, both (N, K, H, W); channel 0 is the boundary.

    A subclass computes one value per image; the loss of the batch is their mean, so that an image
    weighs the same in every batch. Half-precision logits are converted to float32 first.

    Attributes:
        bounds: lowest and highest value of an image; the lowest is that of the perfect prediction.
        gradient_is_derivative: False if the gradient deliberately omits a part of the derivative.
        progress: completed share of the training, in [0, 1], for weights that change; see `set_progress`.
    """

    bounds: tuple[float, float] = (0.0, float("inf"))
    gradient_is_derivative: bool = True
    progress: float = 0.0

    def forward(self, logits: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return the mean over the images of `per_image`.

        Args:
            logits: (N, K, H, W), floating point, before the sigmoid.
            target: (N, K, H, W), values 0 and 1, the same shape as `logits`.
            valid: (N, 1, H, W), True in a rectangle of each image, False in its padding, which is cropped before
                anything is computed.

        Returns:
            A scalar.

        Raises:
            ValueError: the shapes differ or are not (N, K, H, W), the batch is empty, a target is neither 0 nor 1, or
                `valid` is not a rectangle.
        """
        self._require_shapes(logits, target)
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        if torch.is_inference_mode_enabled():
            # a loss may use autograd itself, in which tensors of the inference mode cannot take part
            with torch.inference_mode(False), torch.no_grad():
                return self._mean(logits.clone(), target.to(logits.dtype, copy=True), valid)
        return self._mean(logits, target.to(logits.dtype), valid)

    def _require_shapes(self, logits: Tensor, target: Tensor) -> None:
        shapes = f"got {tuple(logits.shape)} and {tuple(target.shape)}"
        if logits.ndim != 4 or logits.shape != target.shape:
            raise ValueError(
                f"{type(self).__name__}: logits and target must have the same shape (N, K, H, W), {shapes}"
            )
        if not logits.numel():
            raise ValueError(f"{type(self).__name__}: logits and target must not be empty, {shapes}")

    def _mean(self, logits: Tensor, target: Tensor, valid: Tensor | None) -> Tensor:
        with torch.autocast(logits.device.type, enabled=False):
            if valid is None:
                return self._checked(logits, target).mean()
            windows = [(slice(n, n + 1), slice(None), *_rectangle(image[0])) for n, image in enumerate(valid)]
            return torch.cat([self._checked(logits[window], target[window]) for window in windows]).mean()

    def _checked(self, logits: Tensor, target: Tensor) -> Tensor:
        binary = (target == 0) | (target == 1)
        if not binary.all():
            value = target[~binary][0].item()
            raise ValueError(f"{type(self).__name__}: target must be 0 (background) or 1 (boundary), got {value:g}")
        return self.per_image(logits, target)

    @abstractmethod
    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each image.

        Args:
            logits: (N, K, H, W), float32 or float64, before the sigmoid.
            target: (N, K, H, W), values 0 and 1, in the dtype of `logits`.

        Returns:
            (N,), smallest where the prediction is perfect.
        """

    def set_progress(self, share: float) -> None:
        """Set the completed share of the training, in [0, 1], in this loss and its nested losses."""
        for module in self.modules():
            if isinstance(module, SegmentationLoss):
                module.progress = share


def _rectangle(valid: Tensor) -> tuple[slice, slice]:
    rows, columns = valid.any(dim=1).nonzero().flatten(), valid.any(dim=0).nonzero().flatten()
    if not len(rows) or len(rows) * len(columns) != int(valid.sum()):
        raise ValueError("valid must be one full rectangle in each image, the image without its padding")
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
