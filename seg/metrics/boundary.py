"""Scores that ask whether the boundary runs in the right place."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

Mask = NDArray[np.bool_]


def boundary_f1(
    probability: NDArray[np.float32], mask: Mask, thresholds: NDArray[np.float32], tolerance_px: float
) -> NDArray[np.float64]:
    """Return the boundary F1 at each threshold: prediction and mask are thinned, then matched within a tolerance.

    Precision is the share of the predicted skeleton within the tolerance of the mask's, recall the other way. Both are
    empty: 1; only one is: 0.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W), True on the boundary.
        thresholds: (T,); a pixel is predicted where probability >= threshold.
        tolerance_px: Euclidean distance up to which two skeleton pixels match.

    Returns:
        (T,) in [0, 1].

    Source:
        Martin, Fowlkes and Malik, TPAMI 2004, without the one-to-one assignment.
    """
    truth = skeletonize(mask)
    near_truth = _grow(truth, tolerance_px)
    return np.array(
        [_f1(skeletonize(probability >= threshold), truth, near_truth, tolerance_px) for threshold in thresholds]
    )


def boundary_iou(prediction: Mask, mask: Mask, width_px: int) -> float:
    """Return the IoU of the inner bands of both masks, the pixels within `width_px` of their contours.

    Both are empty: 1; only one is: 0.

    Source:
        Cheng et al., CVPR 2021.
    """
    first, second = _inner_band(prediction, width_px), _inner_band(mask, width_px)
    union = (first | second).sum()
    return float((first & second).sum() / union) if union else 1.0


def _inner_band(mask: Mask, width_px: int) -> Mask:
    padded = np.pad(mask.astype(np.uint8), 1)  # what leaves the picture ends there
    core = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width_px)[1:-1, 1:-1]
    return mask & ~core.astype(np.bool_)


def count_matches(
    probability: NDArray[np.float32], mask: Mask, thresholds: NDArray[np.float32], tolerance_px: float
) -> NDArray[np.int64]:
    """Count skeleton pixels that match one to one within the tolerance, at each threshold.

    Pairs are matched nearest first, so that no pixel of the truth is found twice by a broad or doubled prediction. (The
    largest matching can be a little larger; finding it takes minutes on a section.)

    Returns:
        (T, 3): matched pixels, predicted pixels, true pixels. F1 is 2 matched / (predicted + true).

    Source:
        Martin, Fowlkes and Malik, TPAMI 2004.
    """
    truth = np.argwhere(skeletonize(mask))
    rows = []
    for threshold in thresholds:
        predicted = np.argwhere(skeletonize(probability >= threshold))
        rows.append((_match(predicted, truth, tolerance_px), len(predicted), len(truth)))
    return np.array(rows, dtype=np.int64)


def _match(predicted: NDArray[np.intp], truth: NDArray[np.intp], tolerance_px: float) -> int:
    if not len(predicted) or not len(truth):
        return 0
    near = cKDTree(predicted).sparse_distance_matrix(cKDTree(truth), tolerance_px, output_type="coo_matrix")
    nearest_first = np.lexsort((near.col, near.row, near.data))
    free_predicted, free_true = bytearray(b"\1" * len(predicted)), bytearray(b"\1" * len(truth))
    matched = 0
    for row, column in zip(near.row[nearest_first].tolist(), near.col[nearest_first].tolist(), strict=True):
        if free_predicted[row] and free_true[column]:
            free_predicted[row] = free_true[column] = 0
            matched += 1
    return matched


def dataset_and_image_scale(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return ODS and OIS: F1 at the best threshold for the data set, and mean F1 at the best one of each image.

    Args:
        counts: (N, T, 3), of `count_matches` for N images.
    """
    pooled = counts.sum(axis=0)
    return float(_f1_of(pooled).max()), float(_f1_of(counts).max(axis=1).mean())


def _f1_of(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    matched, total = counts[..., 0], counts[..., 1] + counts[..., 2]
    return np.where(total > 0, 2 * matched / np.maximum(total, 1), 1.0)


def _f1(predicted: Mask, truth: Mask, near_truth: Mask, tolerance_px: float) -> float:
    if not truth.any() or not predicted.any():
        return float(truth.any() == predicted.any())
    precision = near_truth[predicted].mean()
    recall = _grow(predicted, tolerance_px)[truth].mean()
    return float(2 * precision * recall / (precision + recall)) if precision + recall > 0 else 0.0


def _grow(skeleton: Mask, radius_px: float) -> Mask:
    """Return the pixels within `radius_px` of the skeleton."""
    reach = int(radius_px)
    rows, columns = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disk = (rows**2 + columns**2 <= radius_px**2).astype(np.uint8)
    return cv2.dilate(skeleton.astype(np.uint8), disk).astype(np.bool_)
