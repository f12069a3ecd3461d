"""Answers without a network: what a loss must beat to have taught one anything."""

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.filters import gaussian, sobel, threshold_otsu
from skimage.transform import resize

from seg.metrics.image_scores import ImageScores
from seg.metrics.table import threshold_metric

Image = NDArray[Any]
Mask = NDArray[np.bool_]
Answer = Callable[[Image], Mask]


def untrained_answers(validation: Sequence[tuple[Image, Mask]], rank_by: str, tolerance_px: float) -> dict[str, Answer]:
    """Return name -> what it answers to an image; those that need validation images only where there are some.

    Args:
        validation: images (H, W) or (H, W, 3) of 8 bits, and their masks (H, W).
        rank_by: the metric by which the threshold of the intensity is chosen.
        tolerance_px: of the boundary F1, in pixels.
    """
    answers: dict[str, Answer] = {"all black": all_black, "Otsu on the gradient": otsu_on_gradient}
    masks = [mask for _, mask in validation]
    prevalence = float(np.mean([mask.mean() for mask in masks])) if masks else 0.0
    if not prevalence:
        return answers
    threshold, bright = choose_intensity(validation, rank_by, tolerance_px)
    return answers | {
        "random, as much as on validation": partial(random_mask, prevalence=prevalence),
        "mean mask of validation": partial(mean_mask, masks=masks, prevalence=prevalence),
        "intensity, tuned on validation": partial(intensity_mask, threshold=threshold, bright=bright),
    }


def all_black(image: Image) -> Mask:
    """Return the empty mask."""
    return np.zeros(image.shape[:2], dtype=bool)


def otsu_on_gradient(image: Image) -> Mask:
    """Return where the gradient of the image, smoothed by 1 px, is above the threshold of Otsu.

    Args:
        image: (H, W) or (H, W, 3).
    """
    grey = image.astype(np.float64) if image.ndim == 2 else image.mean(axis=2)
    slope = sobel(gaussian(grey, sigma=1.0))
    edges: Mask = slope > threshold_otsu(slope)
    return edges


def random_mask(image: Image, prevalence: float) -> Mask:
    """Return a random mask, the same one for the same image.

    Args:
        image: (H, W) or (H, W, 3).
        prevalence: share of the pixels that are boundary.
    """
    rng = np.random.default_rng(zlib.crc32(np.ascontiguousarray(image).tobytes()))
    mask: Mask = rng.random(image.shape[:2]) < prevalence
    return mask


def mean_mask(image: Image, masks: Sequence[Mask], prevalence: float) -> Mask:
    """Return the pixels that are most often boundary, whatever the image shows.

    Args:
        image: (H, W) or (H, W, 3).
        masks: whose mean is taken, stretched to the shape of the image.
        prevalence: share of the pixels that are boundary.
    """
    mean = np.mean([resize(mask.astype(np.float64), image.shape[:2], order=1) for mask in masks], axis=0)
    smooth = gaussian(mean, sigma=1.0)
    often: Mask = smooth > np.quantile(smooth, 1 - prevalence)
    return often


def intensity_mask(image: Image, threshold: float, bright: bool) -> Mask:
    """Return the bright or the dark pixels.

    Args:
        image: (H, W) or (H, W, 3) of 8 bits.
        threshold: from 0 to 1, of the intensity, or of 1 minus the intensity.
        bright: whether the bright ones are boundary.
    """
    mask: Mask = _intensity(image, bright) >= threshold
    return mask


def choose_intensity(validation: Sequence[tuple[Image, Mask]], rank_by: str, tolerance_px: float) -> tuple[float, bool]:
    """Return the threshold at which a metric is best, and whether bright pixels are boundary.

    Args:
        validation: images and masks.
        rank_by: the metric.
        tolerance_px: of the boundary F1, in pixels.
    """
    found = []
    for bright in (False, True):
        scores = ImageScores(tolerance_px, threshold_metric(rank_by))
        for image, mask in validation:
            scores.update(torch.from_numpy(_intensity(image, bright))[None, None], torch.from_numpy(mask)[None, None])
        table = scores.compute()
        best = table.at_threshold[threshold_metric(rank_by)].mean(dim=0).max()
        found.append((float(best), table.best_threshold(rank_by), bright))
    _, threshold, chosen = max(found)
    return threshold, chosen


def _intensity(image: Image, bright: bool) -> NDArray[np.float32]:
    grey: NDArray[np.float32] = (image if image.ndim == 2 else image.mean(axis=2)).astype(np.float32) / np.float32(255)
    return grey if bright else 1 - grey
