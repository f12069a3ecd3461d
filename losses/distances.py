"""Distance maps for pixel weights, without gradients."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def distance_to_other_class(mask: Tensor) -> Tensor:
    """Return the Euclidean distance, in pixels, of each pixel to the nearest one of the other class.

    In a channel with one class alone all distances are 1, so that a mean weighted with them is unweighted.

    Args:
        mask: (N, K, H, W), boundary where > 0.

    Returns:
        (N, K, H, W) of at least 1, float32, on the device of the mask.
    """
    pictures = (mask.detach() > 0).to("cpu", torch.uint8).flatten(0, 1).numpy()
    distances = np.stack([_to_other_class(picture) for picture in pictures])
    return torch.from_numpy(distances).reshape(mask.shape).to(mask.device)


def _to_other_class(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    if picture.min() == picture.max():
        return np.ones(picture.shape, dtype=np.float32)
    return _to_zero(picture) + _to_zero(1 - picture)


def largest_radius(mask: Tensor) -> Tensor:
    """Return the number of erosions with a cross that empties each channel, (N, K), at most half of the shorter side.

    Args:
        mask: (N, K, H, W), boundary where > 0.
    """
    pictures = (mask.detach() > 0).to("cpu", torch.uint8).flatten(0, 1).numpy()
    radii = [cv2.distanceTransform(picture, cv2.DIST_L1, 3).max() for picture in pictures]
    limit = min(mask.shape[2:]) // 2
    return torch.tensor(radii).clamp(max=limit).reshape(mask.shape[:2]).to(mask.device)


def distances_to_two_cells(mask: Tensor, reach_px: float) -> tuple[Tensor, Tensor]:
    """Return the distances, in pixels, to the nearest and to the second nearest cell.

    Cells are the 4-connected components of what is not boundary.

    Args:
        mask: (N, K, H, W), boundary where > 0.
        reach_px: cells farther away are ignored; their distance is infinite.

    Returns:
        Two (N, K, H, W), float32.
    """
    cells = (mask.detach() <= 0).to("cpu", torch.uint8).flatten(0, 1).numpy()
    both = torch.from_numpy(np.stack([_to_two_cells(picture, int(np.ceil(reach_px))) for picture in cells]))
    nearest, second = both.to(mask.device).reshape(*mask.shape[:2], 2, *mask.shape[2:]).unbind(dim=2)
    return nearest, second


def _to_two_cells(cells: NDArray[np.uint8], reach_px: int) -> NDArray[np.float32]:
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(cells, connectivity=4)
    two = np.full((2, *cells.shape), np.inf, dtype=np.float32)
    for number in range(1, count):
        left, top, width, height = boxes[number, :4]
        rows = slice(max(top - reach_px, 0), top + height + reach_px)
        columns = slice(max(left - reach_px, 0), left + width + reach_px)
        distance = _to_zero((labels[rows, columns] != number).astype(np.uint8))
        nearest, second = two[0, rows, columns], two[1, rows, columns]
        np.minimum(second, np.maximum(nearest, distance), out=second)
        np.minimum(nearest, distance, out=nearest)
    return two


def _to_zero(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return distances that are identical in every run: OpenCV's last digit depends on the memory's alignment.

    Squared distances are whole numbers; up to 1,700 pixels rounding them removes that digit's error.
    """
    distance = cv2.distanceTransform(picture, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.sqrt(np.rint(np.square(distance, dtype=np.float64))).astype(np.float32)
