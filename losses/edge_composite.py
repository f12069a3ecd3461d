"""L2 on the picture plus L2 on its edges."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from losses.base import SegmentationLoss
from losses.checks import require_weight

EdgeFilter = Literal["central_difference", "sobel", "scharr", "prewitt", "laplacian"]

#: Weights along an edge; across it all have [1, 0, -1]. The response to a step from 0 to 1 is 1.
_ALONG = {
    "central_difference": [0.0, 1.0, 0.0],
    "sobel": [0.25, 0.5, 0.25],
    "scharr": [0.1875, 0.625, 0.1875],
    "prewitt": [1 / 3, 1 / 3, 1 / 3],
}
_LAPLACIAN = [[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]


class EdgeCompositeLoss(SegmentationLoss):
    """L2 on the picture plus a weight times L2 on the responses of a fixed derivative filter.

    L = mean (p - t)^2 + w * mean over scales and directions of mean (f * p - f * t)^2, p = sigmoid(logits), f by
    default [1, 0, -1] along rows and along columns, the picture continued by its last pixel at its border. The filter
    is linear, so that f * p - f * t = f * (p - t).

    Every directional filter responds to a step from 0 to 1 with 1 on both of its sides. The first term compares
    values, the second slopes.

    On a line of one pixel [1, 0, -1] responds beside the line, not on it: where boundaries are that thin, black can
    cost less than the mask shifted by one pixel. Sobel, scharr and scales_px [1, 2, 4] reverse that on curved lines.
    configs/loss/edge_composite.yaml has scharr at scales 1 and 2; docs/losses/edge_filters.md compares the filters.

    Beside void pixels the means are over the annotated pixels and over the responses of annotated pixels alone.

    Args:
        weight: w, >= 0, of the edge term relative to the picture term.
        edges: the filter: central_difference [1, 0, -1]; sobel, scharr and prewitt, which also average along the
            edge; laplacian, of second order and without a direction.
        scales_px: sides of the squares over which the picture is averaged before it is filtered.

    Raises:
        ValueError: weight is negative or not finite, the filter is unknown, or a scale is below 1.

    Source:
        The filters: Gonzalez and Woods, Digital Image Processing; Scharr, thesis, Heidelberg 2000.
    """

    filters: Tensor

    def __init__(
        self, weight: float = 1.0, edges: EdgeFilter = "central_difference", scales_px: Sequence[int] = (1,)
    ) -> None:
        super().__init__()
        require_weight("weight", weight)
        if edges not in (*_ALONG, "laplacian"):
            raise ValueError(f"edges must be one of {', '.join([*_ALONG, 'laplacian'])}, got {edges}")
        if not scales_px or min(scales_px) < 1:
            raise ValueError(f"scales_px must be one or more whole numbers >= 1, got {list(scales_px)}")
        self.weight, self.scales_px = weight, tuple(scales_px)
        filters = _filters(edges)
        self.register_buffer("filters", filters[:, None], persistent=False)
        self.bounds = (0.0, 1 + weight * float(filters[0].abs().sum()) ** 2)

    def per_image(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return (N,) weighted sums of the two terms."""
        difference = logits.sigmoid() - target
        scales = [self._responses(_average(difference, scale_px)).square() for scale_px in self.scales_px]
        edges = torch.stack([responses.reshape(len(logits), -1).mean(dim=1) for responses in scales]).mean(dim=0)
        return difference.square().mean(dim=(1, 2, 3)) + self.weight * edges

    def per_annotated(self, logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """Return the same, (1,), of the annotated pixels and of the responses that no void pixel takes part in."""
        difference = (logits.sigmoid() - target) * valid
        edges = torch.stack(
            [self._edges_beside_void(difference, valid, scale_px) for scale_px in self.scales_px]
        ).mean()
        pixels = difference.square().sum() / (valid.sum() * logits.shape[1])
        return (pixels + self.weight * edges)[None]

    def _responses(self, picture: Tensor) -> Tensor:
        """Return (N * K, directions, H, W)."""
        return functional.conv2d(_continued(picture), self.filters.to(picture.dtype))

    def _edges_beside_void(self, difference: Tensor, valid: Tensor, scale_px: int) -> Tensor:
        void = functional.max_pool2d((~valid).to(difference.dtype), scale_px, ceil_mode=True)
        seen = functional.conv2d(_continued(void), self.filters.abs().to(void.dtype)) == 0
        squares = self._responses(_average(difference, scale_px)).square() * seen
        return squares.sum() / (seen.sum() * len(squares)).clamp_min(1)


def _continued(picture: Tensor) -> Tensor:
    """Return (N * K, 1, H + 2, W + 2), continued by the last pixel at the border."""
    return functional.pad(picture.flatten(0, 1)[:, None], (1, 1, 1, 1), mode="replicate")


def _filters(edges: EdgeFilter) -> Tensor:
    """Return (directions, 3, 3)."""
    if edges == "laplacian":
        return torch.tensor([_LAPLACIAN])
    along_row = torch.outer(torch.tensor(_ALONG[edges]), torch.tensor([1.0, 0.0, -1.0]))
    return torch.stack([along_row, along_row.T])


def _average(picture: Tensor, scale_px: int) -> Tensor:
    return functional.avg_pool2d(picture, scale_px, ceil_mode=True) if scale_px > 1 else picture
