"""Instance labels, and boundary masks from them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt

_LARGEST = np.iinfo(np.int32).max


def as_labels(picture: NDArray[Any]) -> NDArray[np.int32]:
    """Return instance labels as the metrics take them.

    Args:
        picture: (H, W) integers, 0 is background.

    Raises:
        ValueError: it is not (H, W) integers from 0 to 2147483647.
    """
    _check_integers(picture)
    if picture.size and (picture.min() < 0 or picture.max() > _LARGEST):
        raise ValueError(f"labels must be from 0 to {_LARGEST}, got {picture.min()} to {picture.max()}")
    return picture.astype(np.int32)


def boundaries_from_labels(labels: NDArray[Any], thickness_px: int = 1) -> NDArray[np.bool_]:
    """Return the inner boundaries of the instances, also between two that touch.

    Args:
        labels: (H, W) integers, 0 is background. An instance ends at the picture's edge without a boundary there.
        thickness_px: how many pixels deep the boundary reaches into each instance, >= 1.

    Raises:
        ValueError: labels are not (H, W) integers, or thickness_px < 1.
    """
    _check_integers(labels)
    if thickness_px < 1:
        raise ValueError(f"thickness_px must be >= 1, got {thickness_px}")
    remaining = labels.copy()
    for _ in range(thickness_px):
        remaining[_beside_others(remaining)] = 0
    boundary: NDArray[np.bool_] = (labels != 0) & (remaining == 0)
    return boundary


def _beside_others(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the pixels above, below, left or right of which is another label."""
    beside = np.zeros(labels.shape, np.bool_)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        change = labels[one] != labels[other]
        beside[one] |= change
        beside[other] |= change
    return beside


def centers_from_labels(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the centers of the instances: the pixels deeper in theirs than half of its greatest depth.

    Centers of instances that touch do not, unless these are a pixel or two across: a network that finds them tells
    touching instances apart.

    Args:
        labels: (H, W) integers, 0 is background. An instance goes on beyond the picture's edge.

    Raises:
        ValueError: labels are not (H, W) integers.
    """
    depth = distance_transform_edt((labels > 0) & ~boundaries_from_labels(labels)) + (labels > 0)
    present, places = np.unique(labels, return_inverse=True)
    deepest = np.zeros(len(present))
    np.maximum.at(deepest, places.ravel(), depth.ravel())
    center: NDArray[np.bool_] = (labels > 0) & (depth > deepest[places].reshape(labels.shape) / 2)
    return center


def boundaries_beside_void(
    labels: NDArray[Any], void: NDArray[np.bool_], thickness_px: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the inner boundaries where they are known, and where that is.

    Whether a pixel is boundary depends on its neighbors: beside void pixels it is unknown, thickness_px deep.

    Args:
        labels: (H, W) integers, 0 is background.
        void: (H, W), True where nobody labeled anything.
        thickness_px: as for `boundaries_from_labels`.

    Returns:
        The boundary, (H, W), and True at the pixels where it is known, (H, W).
    """
    known = ~binary_dilation(void, iterations=thickness_px)
    return boundaries_from_labels(labels, thickness_px) & known, known


def _check_integers(labels: NDArray[Any]) -> None:
    if labels.ndim != 2 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be (H, W) integers, got {labels.dtype} of shape {labels.shape}")
