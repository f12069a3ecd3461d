"""Means over seeds and images, with intervals for new seeds and new images.

One score is y[s, i]: seed s, test image i. The truth is the mean over the populations from which both were drawn. A
measured mean varies with the seeds (the same loss, trained again, differs), with the images, and with the residual:
y = mean + seed + image + residual. Bootstrapping three seeds underestimates their variance (such intervals covered the
truth in 72 to 94 % of simulated comparisons, not in 95 %), and a test over the images alone ignores it. Here both
variances are estimated from the two-way table, each with its own degrees of freedom.

Holm's correction is written out: statsmodels and scikit-posthocs would add 155 MB (with pandas and seaborn) for its
four lines and those of `seg.analysis.ranks`, and scikit-posthocs does not return the critical difference.
"""

import bisect
import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Scores = NDArray[np.float64]

LEVEL = 0.05
POWER = 0.8
MOST_SEEDS = 100


@cache
def _t_quantiles(freedom: int) -> Scores:
    quantiles: Scores = stats.t.ppf((np.arange(500) + 0.5) / 500, freedom)
    return quantiles


@dataclass(frozen=True)
class TwoWayVariance:
    """A mean and the variance of its estimate.

    Attributes:
        mean: over seeds and images.
        seed_variance: of the mean, from the choice of seeds and the residual.
        image_variance: of the mean, from the choice of images.
        seeds, images: how many there are, both >= 2.
    """

    mean: float
    seed_variance: float
    image_variance: float
    seeds: int
    images: int

    @classmethod
    def of(cls, scores: Scores) -> "TwoWayVariance":
        """Estimate both variances from the mean squares of the two-way table.

        Args:
            scores: (S, I), of S seeds on I images; or the differences of two losses.

        Raises:
            ValueError: there are fewer than two seeds or images.
        """
        seeds, images = scores.shape
        if seeds < 2 or images < 2:
            raise ValueError(f"an interval needs >= 2 seeds and >= 2 images, got {seeds} and {images}")
        mean = scores.mean()
        of_seed, of_image = scores.mean(axis=1) - mean, scores.mean(axis=0) - mean
        rest = scores - mean - of_seed[:, None] - of_image
        seed_square = images * (of_seed**2).sum() / (seeds - 1)
        image_square = seeds * (of_image**2).sum() / (images - 1)
        rest_square = (rest**2).sum() / ((seeds - 1) * (images - 1))
        return cls(
            mean=float(mean),
            seed_variance=float(seed_square / (seeds * images)),
            image_variance=float(max(image_square - rest_square, 0) / (seeds * images)),
            seeds=seeds,
            images=images,
        )

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return math.sqrt(self.seed_variance + self.image_variance)

    def p_value(self, distance: float) -> float:
        """Return the probability that chance moves the mean by `distance` or more, either way.

        The error is distributed as the sum of two independent t variables, with seeds - 1 and images - 1 degrees of
        freedom, scaled by the two standard errors (Behrens and Fisher). With one variance alone it is the t-test.

        Source:
            Dorfman, Berbaum and Metz, Investigative Radiology 1992, for readers and cases instead of seeds and images;
            Tsui and Weerahandi, JASA 1989, for the distribution.
        """
        if self.error == 0:
            return float(distance == 0)
        from_images = math.sqrt(self.image_variance) * _t_quantiles(self.images - 1)
        scale = max(math.sqrt(self.seed_variance), 1e-9 * self.error)
        above = stats.t.sf((abs(distance) - from_images) / scale, self.seeds - 1)
        return float(min(1.0, 2 * above.mean()))

    def margin(self, level: float = LEVEL) -> float:
        """Return the half width of the interval that misses the truth with probability `level`."""
        if self.error == 0:
            return 0.0
        widest = 2 * self.error * float(stats.t.isf(level / 4, min(self.seeds, self.images) - 1))
        return float(
            optimize.brentq(lambda distance: self.p_value(distance) - level, 0, widest, xtol=1e-5 * self.error)
        )

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the mean."""
        margin = self.margin()
        return self.mean - margin, self.mean + margin

    def seeds_needed(self, level: float) -> int | None:
        """Return how many seeds would show a difference as large as `mean` four times out of five.

        Args:
            level: at which the difference is tested.

        Returns:
            None where 100 seeds would not do: the images vary too much, or the difference is too small.
        """
        if self.mean == 0:
            return None
        candidates = range(self.seeds, MOST_SEEDS + 1)
        found = bisect.bisect_left(candidates, True, key=lambda seeds: self._with(seeds)._shows_itself(level))
        return candidates[found] if found < len(candidates) else None

    def _with(self, seeds: int) -> "TwoWayVariance":
        return replace(self, seeds=seeds, seed_variance=self.seed_variance * self.seeds / seeds)

    def _shows_itself(self, level: float) -> bool:
        """Return whether the mean would differ from 0 with the wanted power."""
        excess = abs(self.mean) - self.margin(level)
        return bool(excess >= stats.norm.ppf(POWER) * self.error)


def holm(p_values: Scores) -> Scores:
    """Return p-values corrected for their number: in at most 5 % of the families chance alone takes one below 0.05.

    Source:
        Holm, Scandinavian Journal of Statistics 1979.
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return corrected
