"""Could what is seen be chance? Permutation tests."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

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
    return _share(sums >= region.sum() - 1e-12)


def correlate(first: Scores, second: Scores) -> tuple[float, float]:
    """Return Spearman's correlation and how often permuted values correlate as much; 0 and 1 if one is constant.

    Args:
        first: of N images, (N,).
        second: the same.
    """
    ours, theirs = _standard_ranks(first), _standard_ranks(second)
    if ours is None or theirs is None:
        return 0.0, 1.0
    rng, seen = np.random.default_rng(0), float(ours @ theirs)
    drawn = np.abs([rng.permutation(ours) @ theirs for _ in range(_DRAWS)])
    return seen / len(ours), _share(drawn >= abs(seen) - 1e-9)


def explain(values: Scores, groups: Sequence[str]) -> tuple[float, float]:
    """Return the share of the variance of ranks that lies between groups, and how often that of permuted ones does.

    Args:
        values: of N images, (N,).
        groups: of the images.

    Returns:
        Kruskal and Wallis' H by N - 1, in [0, 1], and p; 0 and 1 if all values are equal.
    """
    ranks = _standard_ranks(values)
    if ranks is None:
        return 0.0, 1.0
    numbers = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(numbers)

    def between(order: Scores) -> float:
        return float((np.bincount(numbers, order) ** 2 / sizes).sum()) / len(order)

    rng, seen = np.random.default_rng(0), between(ranks)
    drawn = np.array([between(rng.permutation(ranks)) for _ in range(_DRAWS)])
    return seen, _share(drawn >= seen - 1e-9)


def _standard_ranks(values: Scores) -> Scores | None:
    ranks: Scores = stats.rankdata(values)
    return None if ranks.std() == 0 else (ranks - ranks.mean()) / ranks.std()


def _share(as_large: NDArray[np.bool_]) -> float:
    return float((1 + as_large.sum()) / (1 + len(as_large)))
