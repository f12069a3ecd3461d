"""L2 on the picture plus L2 on its edges."""

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss


class EdgeCompositeLoss(SegmentationLoss):
    """L2 on the picture plus a weight times L2 on the responses of a fixed derivative filter.

    L = mean (p - t)^2 + w * mean over both directions of (f * p - f * t)^2, p = sigmoid(logits),
    f = [1, 0, -1] along rows and along columns, the picture continued by its last pixel at its border. The
    filter is linear, so that f * p - f * t = f * (p - t). Range [0, 1 + 4 w].

    A step from 0 to 1 answers with 1 on both of its sides: the second term asks for the right slopes where
    the first asks for the right values.

    Args:
        weight: w, >= 0, of the edge term against the picture term.

    Raises:
        ValueError: weight is negative or not finite.
    """

    filters: Tensor

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weight must be >= 0 and finite, got {weight}")
        self.weight = weight
        along_row = torch.zeros(3, 3)
        along_row[1] = torch.tensor([1.0, 0.0, -1.0])
        self.register_buffer("filters", torch.stack([along_row, along_row.T])[:, None], persistent=False)

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted sums of the two terms."""
        difference = logits.sigmoid() - target
        return difference.square().mean(dim=(1, 2, 3)) + self.weight * self._edge_term(difference)

    def _edge_term(self, difference: Tensor) -> Tensor:
        images, channels, height, width = difference.shape
        picture = difference.reshape(images * channels, 1, height, width)
        padded = functional.pad(picture, (1, 1, 1, 1), mode="replicate")
        responses = functional.conv2d(padded, self.filters.to(picture.dtype))
        return responses.square().reshape(images, -1).mean(dim=1)
