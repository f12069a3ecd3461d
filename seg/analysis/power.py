"""How many seeds, or how many test images, would show a difference of the size seen.

Three seeds tell their own variance to within a factor of six, so that a number computed as if the variances were known
is too small about half of the time. Here the variances are drawn from what the data leave open (each mean square is a
scaled chi-squared variable), each draw is a comparison that is simulated and tested, and the number is the smallest
of which the share of comparisons that show the difference is large enough: assurance, not power.

Source:
    O'Hagan, Stevens and Campbell, Pharmaceutical Statistics 2005, for assurance.
"""

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from seg.analysis.variance import Scores, TwoWayVariance, subtracted, t_quantiles

#: Shares of the comparisons that show the difference, at both ends of the range that is given.
LIKELY, SURE = 0.5, 0.75

#: As many seeds, and as many times the seeds and images, as are considered.
MOST_SEEDS, MOST_TIMES = 100, 10

#: More seeds alone are advised only where 100 would show it in so many comparisons, and images have as many degrees of
#: freedom. Otherwise numbers are given only where the images vary little by chance: kept in 31 % of these cases.
CERTAIN, LEAST_FREEDOM = 0.95, 10

_DRAWS = 300
_QUANTILES = 40


@dataclass(frozen=True)
class Need:
    """A range of numbers of seeds.

    Attributes:
        likely: shows the difference in half of the comparisons.
        sure: shows it in three of four; in simulated comparisons it was four of five (`python -m benchmarks.verdict`).
        images: that `sure` takes, or groups of images; None: as many as there are.
    """

    likely: int
    sure: int
    images: int | None = None


def needed(seen: TwoWayVariance, level: float, images: int) -> Need | None:
    """Return how many seeds would show a difference, or how many seeds on more images; None: that cannot be told.

    Args:
        seen: the difference.
        level: at which it is tested.
        images: that there are, or groups of images.
    """
    assurance = Assurance(seen, level)
    alone = assurance.seeds()
    if alone:
        return alone
    both = assurance.both()
    return replace(both, images=math.ceil(images * both.sure / seen.seeds)) if both else None


class Assurance:
    """Comparisons with other numbers of seeds and images, in which the true difference is the one seen.

    Args:
        uncertainty: of the difference seen.
        level: at which it is tested.
    """

    def __init__(self, uncertainty: TwoWayVariance, level: float) -> None:
        self.seen, self.level = uncertainty, level
        self._rng = np.random.default_rng(2026)
        rest_freedom = (uncertainty.seeds - 1) * max(uncertainty.freedom, 1)
        rest = self._unknown(uncertainty.rest_variance, rest_freedom)
        self._rest = rest
        self._seed = np.maximum(self._unknown(uncertainty.seed_variance, uncertainty.seeds - 1) - rest, 0)
        self._image = np.maximum(self._unknown(uncertainty.column_variance, uncertainty.freedom) - rest, 0)

    def _unknown(self, variance: float, freedom: float) -> Scores:
        drawn: Scores = variance * freedom / self._rng.chisquare(freedom, _DRAWS)
        return drawn

    def seeds(self) -> Need | None:
        """Return how many seeds would do on as many images.

        None where 100 would not surely do, or where too few images tell whether they would.
        """
        if self.seen.freedom < LEAST_FREEDOM or self.share(MOST_SEEDS, 1.0) < CERTAIN:
            return None
        return self._need(range(self.seen.seeds, MOST_SEEDS + 1), lambda seeds: self.share(seeds, 1.0))

    def both(self) -> Need | None:
        """Return how many seeds would do on as many times more images; None: more than 10 times as many."""
        candidates = range(self.seen.seeds, MOST_TIMES * self.seen.seeds + 1)
        return self._need(candidates, lambda seeds: self.share(seeds, seeds / self.seen.seeds))

    def _need(self, candidates: range, share: Callable[[int], float]) -> Need | None:
        if self.seen.mean == 0 or share(candidates[-1]) < SURE:
            return None
        return Need(*(candidates[bisect.bisect_left(candidates, wanted, key=share)] for wanted in (LIKELY, SURE)))

    def share(self, seeds: int, times: float) -> float:
        """Return the share of comparisons that show the difference.

        Args:
            seeds: of each comparison.
            times: as many images as were seen, >= 1.
        """
        rng = np.random.default_rng(7)
        freedom = (self.seen.freedom + 1) * times - 1
        rest = self._rest * self.seen.seeds / (seeds * times)
        seed, image = self._seed * self.seen.seeds / seeds, self._image / times
        mean = abs(self.seen.mean) + np.sqrt(seed + image + rest) * rng.standard_normal(_DRAWS)
        from_seeds = (seed + rest) * rng.chisquare(seeds - 1, _DRAWS) / (seeds - 1)
        from_columns = (image + rest) * rng.chisquare(freedom, _DRAWS) / freedom
        from_images = np.maximum(from_columns - subtracted(freedom) * rest, 0)
        return float(np.mean(_p_values(mean, from_seeds, from_images, seeds - 1, freedom) <= self.level))


def _p_values(mean: Scores, from_seeds: Scores, from_images: Scores, seed_freedom: int, freedom: float) -> Scores:
    """Return the one-sided p-values, doubled, as `TwoWayVariance.p_value` has them for positive means."""
    scale = np.maximum(np.sqrt(from_seeds), 1e-9 * np.sqrt(from_seeds + from_images) + 1e-300)
    shift = np.sqrt(from_images)[:, None] * t_quantiles(freedom, _QUANTILES)
    above = special.stdtr(seed_freedom, (shift - mean[:, None]) / scale[:, None])
    p_values: Scores = 2 * above.mean(axis=1)
    return p_values
