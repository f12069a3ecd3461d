"""The contract of every loss: shapes, precision, one value per image."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class UndefinedOnVoidError(ValueError):
    """The loss is not defined on images of which only some pixels are annotated."""


class SegmentationLoss(nn.Module, ABC):
    """A loss between logits and a binary target, both (N, K, H, W); channel 0 is the boundary.

    A subclass computes one value per image; the loss of the batch is their mean, so that an image
    weighs the same in every batch. Half-precision logits are converted to float32 first.

    Attributes:
        bounds: lowest and highest value of an image; the lowest is that of the perfect prediction.
        gradient_is_derivative: False if the gradient deliberately omits a part of the derivative.
        permutation_invariant: whether the value stays the same when pixels, with their targets, change places. It is
            then also defined on images with void pixels, which nobody annotated; see `per_annotated`.
        progress: completed share of the training, in [0, 1], for weights that change; see `set_progress`.
    """

    bounds: tuple[float, float] = (0.0, float("inf"))
    gradient_is_derivative: bool = True
    permutation_invariant: bool = False
    progress: float = 0.0

    def forward(self, logits: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return the mean over the images of `per_image`, of `per_annotated` where pixels are void.

        Args:
            logits: (N, K, H, W), floating point, before the sigmoid.
            target: (N, K, H, W), values 0 and 1, the same shape as `logits`.
            valid: (N, 1, H, W) bool, False in the padding of an image and where nobody annotated it: these pixels have
                no influence. An image without any other pixel is left out of the mean.

        Returns:
            A scalar.

        Raises:
            ValueError: the shapes differ or are not (N, K, H, W), the batch is empty, or a target is neither 0 nor 1.
            UndefinedOnVoidError: `valid` is not a full rectangle, and the loss depends on the neighbors of a pixel.
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
            known = [n for n, image in enumerate(valid) if image.any()]
            values = [self._of_valid(*(batch[n : n + 1] for batch in (logits, target, valid))) for n in known]
            return torch.cat(values).mean() if values else 0 * logits.sum()

    def _of_valid(self, logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        rectangle = (..., *_bounding_box(valid[0, 0]))
        logits, target, valid = logits[rectangle], target[rectangle], valid[rectangle]
        if valid.all():
            return self._checked(logits, target)
        self._require_binary(target.masked_fill(~valid, 0))
        return self.per_annotated(logits.masked_fill(~valid, 0), target.masked_fill(~valid, 0), valid)

    def _checked(self, logits: Tensor, target: Tensor) -> Tensor:
        self._require_binary(target)
        return self.per_image(logits, target)

    def _require_binary(self, target: Tensor) -> None:
        binary = (target == 0) | (target == 1)
        if not binary.all():
            value = target[~binary][0].item()
            raise ValueError(f"{type(self).__name__}: target must be 0 (background) or 1 (boundary), got {value:g}")

    @abstractmethod
    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each image.

        Args:
            logits: (N, K, H, W), float32 or float64, before the sigmoid.
            target: (N, K, H, W), values 0 and 1, in the dtype of `logits`.

        Returns:
            (N,), smallest where the prediction is perfect.
        """

    def per_annotated(self, logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Return the loss of one image with void pixels: of the others alone if it is `permutation_invariant`.

        A loss that depends on neighbors may override this; void pixels must have neither influence nor gradient.

        Args:
            logits: (1, K, H, W), 0 at void pixels.
            target: (1, K, H, W), values 0 and 1, 0 at void pixels.
            valid: (1, 1, H, W) bool, False at void pixels; at least one is True, at least one False.

        Returns:
            (1,).

        Raises:
            UndefinedOnVoidError: the loss is not permutation invariant.
        """
        if not self.permutation_invariant:
            raise UndefinedOnVoidError(
                f"{type(self).__name__} depends on the neighbors of a pixel and is not defined beside void ones, which "
                "nobody annotated: choose another loss, or leave partly annotated images out"
            )
        annotated = (slice(None), slice(None), valid[0, 0])
        return self.per_image(logits[annotated][:, :, None], target[annotated][:, :, None])

    def set_progress(self, share: float) -> None:
        """Set the completed share of the training, in [0, 1], in this loss and its nested losses."""
        for module in self.modules():
            if isinstance(module, SegmentationLoss):
                module.progress = share


def _bounding_box(valid: Tensor) -> tuple[slice, slice]:
    rows, columns = valid.any(dim=1).nonzero().flatten(), valid.any(dim=0).nonzero().flatten()
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
