"""Two losses in one metric."""

import math
from dataclasses import dataclass
from functools import cached_property

from seg.analysis.power import Need, needed
from seg.analysis.units import Units
from seg.analysis.variance import LEVEL, Scores, TwoWayVariance


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and images with its 95 % interval (NaN where there can be none)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Pair:
    """Two losses in one metric, compared on the seeds and images that both have; the better one there first.

    Attributes:
        better, worse: names.
        difference: of the means, >= 0 in favor of the better one whichever way the metric runs; with 95 % interval.
        p: of the two-way test, NaN where there can be no interval.
        p_holm: the same, corrected for the number of pairs.
        p_images: Wilcoxon's over the images, the seeds averaged. It holds for these trained networks alone and
            ignores the variance between seeds: shown for information, not used for decisions.
        effect: the difference in standard deviations of a single difference (one seed, one image).
        wins: share of (seed, image) cells where the better one is better, ties counted half.
        seeds, images: that both have.
        differences: (seeds, images), in favor of the better one.
        uncertainty: of the difference, None where there can be no interval.
        units: what is independent among the images.
        family: number of pairs that were tested together.
        unpaired: number of seeds that only one of them has; they count in its estimate, not here.
        collapsed: the one of which all runs collapsed while none of the other did; it loses even where the
            test shows no difference. "" elsewhere.
        level: of the test.
    """

    better: str
    worse: str
    difference: Estimate
    p: float
    p_holm: float
    p_images: float
    effect: float
    wins: float
    seeds: int
    images: int
    differences: Scores
    uncertainty: TwoWayVariance | None
    units: Units
    family: int = 1
    unpaired: int = 0
    collapsed: str = ""
    level: float = LEVEL

    @property
    def different(self) -> bool:
        """Whether the difference is established."""
        return self.p_holm <= self.level

    @property
    def loser(self) -> str:
        """The one that loses, by the test or else by the rule on collapses; "" where they cannot be told apart."""
        return self.worse if self.different else self.collapsed

    def equal_within(self, rope: float) -> bool:
        """Return whether the difference is surely less than `rope`: two one-sided tests, corrected for the pairs."""
        reach = self.uncertainty.margin(2 * self.level / self.family) if self.uncertainty else math.inf
        return self.difference.mean + reach < rope

    @property
    def identical(self) -> bool:
        """Whether the two have the same score in every cell."""
        return self.difference.mean == 0 and not (self.uncertainty and self.uncertainty.error)

    @cached_property
    def need(self) -> Need | None:
        """How many seeds, or seeds and images, would show a difference of this size; None: that cannot be told."""
        if self.uncertainty is None or self.units.one_volume or self.units.folds:
            return None
        return needed(self.uncertainty, self.level / self.family, len(self.units.names))
