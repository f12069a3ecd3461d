"""Could a region's effect be that of any place?"""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

_DRAWS = 2000


def chance(region: Scores, places: Scores, seed: int = 0) -> float:
    """Return how often a place drawn at random in each image has, summed over the images, as large an effect.

    Args:
        region: its effect in each of N images, (N,).
        places: of K other places in each image, (N, K).
        seed: of the draws.
    """
    every = np.column_stack([region, places])
    drawn = np.random.default_rng(seed).integers(0, every.shape[1], (_DRAWS, len(every)))
    sums = every[np.arange(len(every)), drawn].sum(axis=1)
    return float((1 + (sums >= region.sum() - 1e-12).sum()) / (1 + _DRAWS))
