"""Rank images by disagreement without taking one like the other."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Vector = NDArray[np.float64]

_PERCENTILES = (5, 25, 50, 75, 95)
_SCALES_PX = (1, 2, 4, 8)


def describe_image(image: NDArray[np.float32], probability: NDArray[np.float32]) -> Vector:
    """Return intensities, texture at several scales, and the predicted boundary share, as a vector.

    Args:
        image: (C, H, W) in [-1, 1].
        probability: (H, W) of the boundary.
    """
    grey = image.mean(axis=0)
    blurred = [grey, *(ndimage.gaussian_filter(grey, scale) for scale in _SCALES_PX)]
    texture = [float((finer - coarser).std()) for finer, coarser in pairwise(blurred)]
    return np.array([*np.percentile(grey, _PERCENTILES), *texture, probability.mean()], np.float64)


def rank_diverse(scores: Vector, features: Vector) -> list[int]:
    """Return the images, the best to annotate first.

    Each next image has the largest product of its score and its distance to the nearest image chosen before, the
    distance counting no further than the median of all.

    Args:
        scores: of the N images, >= 0, (N,).
        features: (N, F).
    """
    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    distances = np.sqrt(((scaled[:, None] - scaled[None]) ** 2).mean(axis=2))
    apart = distances[np.triu_indices(len(scores), 1)]
    typical = float(np.median(apart)) if apart.size and np.median(apart) > 0 else 1.0
    nearest, order = np.full(len(scores), typical), list[int]()
    while len(order) < len(scores):
        worth = np.where(np.isin(np.arange(len(scores)), order), -1.0, scores * np.minimum(nearest, typical))
        order.append(int(worth.argmax()))
        nearest = np.minimum(nearest, distances[order[-1]])
    return order
