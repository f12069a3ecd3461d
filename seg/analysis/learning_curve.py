"""The score as a function of the number of training images.

A score grows about as c - a * n ** -b with the number n of images. The exponent is uncertain with a few numbers of
images: the likelihood weighs a grid of exponents, for each of which the curve is linear in the scores, so that its
variance over seeds and images is that of a weighted sum of them.

Source:
    Hestness et al., 2017, for the power law.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import stats

from seg.analysis.pairwise import Estimate
from seg.analysis.units import Units
from seg.analysis.variance import LEVEL, Scores

_EXPONENTS = np.geomspace(0.1, 2, 24)
#: Variance of a mean, so that equal seeds divide nothing by zero.
_LEAST = 1e-12
_NORMAL = float(stats.norm.isf(LEVEL / 2))


@dataclass(frozen=True)
class LearningCurve:
    """Arms that differ in the number of training images alone.

    Attributes:
        name: what the names of the arms have in common.
        counts: of training images, ascending, (K,).
        scores: on the test images, larger is better, (K, S, I).
        units: what is independent among the test images.
    """

    name: str
    counts: Scores
    scores: Scores
    units: Units

    @property
    def means(self) -> Scores:
        """Mean over seeds and images at each number of images, (K,)."""
        means: Scores = self.scores.mean(axis=(1, 2))
        return means

    @property
    def seed_deviation(self) -> float:
        """Standard deviation of the seeds at the largest number of images; NaN for one seed."""
        seeds = self.scores[-1].mean(axis=1)
        return float(seeds.std(ddof=1)) if len(seeds) > 1 else math.nan

    @property
    def fixed_images(self) -> bool:
        """Whether intervals hold for these test images alone, since there are too few for more."""
        return self.units.variance(self.scores[-1]) is None

    def level(self, count: float) -> Estimate:
        """Return the score to expect of `count` training images."""
        return self._estimate(lambda exponent: np.array([1, -(count**-exponent)]))

    def gain(self, count: float) -> Estimate:
        """Return by how much `count` training images would be better than the largest number tried."""
        largest = self.counts[-1]
        return self._estimate(lambda exponent: np.array([0, largest**-exponent - count**-exponent]))

    def last_step(self) -> Estimate:
        """Return by how much the largest number of images tried is better than the next smaller one."""
        step = self.scores[-1] - self.scores[-2]
        mean, reach = float(step.mean()), self._factor(step) * self._error(step)
        return Estimate(mean, mean - reach, mean + reach)

    def without_largest(self) -> "LearningCurve":
        """Return the curve of all arms but the one with most images."""
        return LearningCurve(self.name, self.counts[:-1], self.scores[:-1], self.units)

    @cached_property
    def _fits(self) -> list[tuple[float, Scores]]:
        """The matrix (2, K) from the means to c and a, for each exponent; a is not negative."""
        fits = []
        for exponent in _EXPONENTS:
            design = np.stack([np.ones(len(self.counts)), -(self.counts**-exponent)], axis=1)
            solution = np.linalg.pinv(design)
            if (solution @ self.means)[1] < 0:
                solution = np.stack([np.full(len(self.counts), 1 / len(self.counts)), np.zeros(len(self.counts))])
            fits.append((float(exponent), solution))
        return fits

    @cached_property
    def _weights(self) -> Scores:
        """Of the exponents, with sum 1."""
        rests = np.array([self._rest(*fit) for fit in self._fits])
        noise = float(np.mean([self._error(later - earlier) ** 2 / 2 for earlier, later in pairwise(self.scores)]))
        likelihood: Scores = np.exp(-(rests - rests.min()) / (2 * max(noise, _LEAST)))  # NaN for one seed
        if not np.isfinite(likelihood).all():
            likelihood = (rests == rests.min()) * 1.0
        weights: Scores = likelihood / likelihood.sum()
        return weights

    def _rest(self, exponent: float, solution: Scores) -> float:
        level, rise = solution @ self.means
        return float(((self.means - level + rise * self.counts**-exponent) ** 2).sum())

    def _estimate(self, contrast: Callable[[float], Scores]) -> Estimate:
        """Average over the exponents; the interval holds their spread, too."""
        sums = [contrast(exponent) @ solution for exponent, solution in self._fits]
        tables = [np.einsum("k,ksi->si", weights, self.scores) for weights in sums]
        values = np.array([table.mean() for table in tables])
        errors = np.array([self._error(table) for table in tables])
        mean = float(self._weights @ values)
        factor = self._factor(tables[int(self._weights.argmax())])
        reach = math.sqrt(self._weights @ ((factor * errors) ** 2 + (_NORMAL * (values - mean)) ** 2))
        return Estimate(mean, mean - reach, mean + reach)

    def _error(self, scores: Scores) -> float:
        """Return the standard error of a mean; NaN for one seed."""
        uncertainty, seeds = self.units.variance(scores), scores.mean(axis=1)
        if uncertainty:
            return uncertainty.error
        return float(seeds.std(ddof=1) / math.sqrt(len(seeds))) if len(seeds) > 1 else math.nan

    def _factor(self, scores: Scores) -> float:
        """Return the half width of the interval of a mean in standard errors."""
        uncertainty = self.units.variance(scores)
        if uncertainty:
            return uncertainty.margin() / uncertainty.error if uncertainty.error else 0.0
        return float(stats.t.isf(LEVEL / 2, len(scores) - 1)) if len(scores) > 1 else math.nan
