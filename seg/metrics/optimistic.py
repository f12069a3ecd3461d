"""Scores at the threshold that the images themselves ask for."""

import numpy as np
from numpy.typing import NDArray


def best_mean(values: NDArray[np.float64]) -> float:
    """Return the largest mean over the images, of (N, T) scores of N images at T thresholds."""
    return float(values.mean(axis=0).max())
