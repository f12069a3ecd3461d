"""Decode boundary probabilities into labelled cells, alike for metrics and service."""

from dataclasses import dataclass

import numpy as np
from mahotas import cwatershed  # as in scikit-image, which is too large for a served container
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

Labels = NDArray[np.int32]

_FOUR_CONNECTED = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


@dataclass(frozen=True)
class InstanceDecoder:
    """Smooth, find seeds where a boundary is unlikely, and grow them until they meet (watershed).

    Attributes:
        sigma_px: standard deviation of the Gaussian that smooths.
        seed_probability: seeds are the 4-connected regions whose smoothed probability stays below it.
        min_size_px: area below which a seed is discarded, in pixels.

    Raises:
        ValueError: a value is out of range.
    """

    sigma_px: float = 1.0
    seed_probability: float = 0.12
    min_size_px: int = 20

    def __post_init__(self) -> None:
        if self.sigma_px < 0 or not 0 < self.seed_probability <= 1 or self.min_size_px < 0:
            raise ValueError(
                "a decoder needs sigma_px >= 0, 0 < seed_probability <= 1 and min_size_px >= 0, "
                f"got {self.sigma_px}, {self.seed_probability} and {self.min_size_px}"
            )

    def decode(self, probability: NDArray[np.float32], threshold: float) -> Labels:
        """Return (H, W) cells numbered from 1; 0 is boundary.

        Args:
            probability: (H, W) of the boundary, in [0, 1].
            threshold: a pixel belongs to no cell where probability >= threshold.
        """
        smooth = gaussian_filter(probability, self.sigma_px)
        seeds, count = label(smooth < self.seed_probability)
        sizes = np.bincount(seeds.ravel(), minlength=count + 1)
        seeds[sizes[seeds] < self.min_size_px] = 0
        if not seeds.any():
            return np.zeros(seeds.shape, np.int32)
        cells: Labels = cwatershed(smooth, seeds, Bc=_FOUR_CONNECTED).astype(np.int32)
        cells[probability >= threshold] = 0
        return cells
