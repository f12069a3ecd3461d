"""Boundary scores: is the boundary in the right place?"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from scipy.spatial import cKDTree
from skimage.morphology import skeletonize

from seg.metrics.unknown import without_nan

Mask = NDArray[np.bool_]


def boundary_f1(
    probability: NDArray[np.float32], mask: Mask, thresholds: NDArray[np.float32], tolerance_px: float
) -> NDArray[np.float64]:
    """Return the boundary F1 at each threshold: prediction and mask are thinned, then matched within a tolerance.

    Precision is the share of the predicted skeleton within the tolerance of the mask's skeleton, recall the reverse.
    F1 is 1 if both are empty, 0 if only one is.

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
    predictions = _skeletons(probability, thresholds)
    return np.array([_f1(predicted, truth, near_truth, tolerance_px) for predicted in predictions])


def _skeletons(probability: NDArray[np.float32], thresholds: NDArray[np.float32]) -> Iterator[Mask]:
    """Yield the thinned prediction at each threshold; equal ones in a row are thinned once."""
    size, skeleton = -1, np.zeros_like(probability, dtype=np.bool_)
    probability = without_nan(probability)
    for threshold in thresholds:
        prediction = probability >= threshold
        if prediction.sum() != size:  # predictions at two thresholds are nested: of equal size, they are equal
            size, skeleton = prediction.sum(), skeletonize(prediction)
        yield skeleton


def boundary_iou(prediction: Mask, mask: Mask, width_px: int) -> float:
    """Return the IoU of the inner bands of both masks, the pixels within `width_px` of their contours.

    It is 1 if both are empty, 0 if only one is.

    Args:
        prediction: (H, W).
        mask: (H, W).
        width_px: of the bands.

    Source:
        Cheng et al., CVPR 2021.
    """
    first, second = _inner_band(prediction, width_px), _inner_band(mask, width_px)
    union = (first | second).sum()
    return float((first & second).sum() / union) if union else 1.0


def _inner_band(mask: Mask, width_px: int) -> Mask:
    padded = np.pad(mask.astype(np.uint8), 1)  # the image's edge is a contour
    core = cv2.erode(padded, np.ones((3, 3), np.uint8), iterations=width_px)[1:-1, 1:-1]
    return mask & ~core.astype(np.bool_)


def count_matches(
    probability: NDArray[np.float32], mask: Mask, thresholds: NDArray[np.float32], tolerance_px: float
) -> NDArray[np.int64]:
    """Count skeleton pixels that match one to one within the tolerance, at each threshold.

    As many pairs as possible are matched; a wide or doubled prediction cannot match a true pixel twice.

    Args:
        probability: (H, W) in [0, 1].
        mask: (H, W), True on the boundary.
        thresholds: (T,) ascending; a pixel is predicted where probability >= threshold.
        tolerance_px: Euclidean distance up to which two skeleton pixels match.

    Returns:
        (T, 3): matched pixels, predicted pixels, true pixels. F1 is 2 matched / (predicted + true).

    Source:
        Martin, Fowlkes and Malik, TPAMI 2004.
    """
    truth = np.argwhere(skeletonize(mask))
    predictions = [np.argwhere(skeleton) for skeleton in _skeletons(probability, thresholds)]
    return np.array([(_match(found, truth, tolerance_px), len(found), len(truth)) for found in predictions])


def _match(predicted: NDArray[np.intp], truth: NDArray[np.intp], tolerance_px: float) -> int:
    """Return the size of the maximum matching, as a maximum flow from predicted to nearby true pixels."""
    if not len(predicted) or not len(truth):
        return 0
    near = cKDTree(predicted).sparse_distance_matrix(cKDTree(truth), tolerance_px, output_type="coo_matrix")
    source, first_true = len(predicted), len(predicted) + 1
    sink = first_true + len(truth)
    starts = np.concatenate([np.full(len(predicted), source), near.row, np.arange(first_true, sink)])
    ends = np.concatenate([np.arange(len(predicted)), first_true + near.col, np.full(len(truth), sink)])
    network = csr_array((np.ones(len(starts), np.int32), (starts, ends)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(network, source, sink).flow_value)


def dataset_and_image_scale(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return ODS and OIS: F1 at the best threshold of the data set, and mean F1 at each image's best threshold.

    Args:
        counts: (N, T, 3), of `count_matches` for N images.
    """
    pooled = counts.sum(axis=0)
    return float(matched_f1(pooled).max()), float(matched_f1(counts).max(axis=1).mean())


def matched_f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the F1 of counts (..., 3) of `count_matches`; 1 where nothing is predicted and nothing true."""
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
