"""Losses over several data sets: mean ranks, and the critical difference between them."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from seg.analysis.variance import LEVEL, Scores


@dataclass(frozen=True)
class Ranks:
    """Mean ranks over the data sets, 1 is best.

    Attributes:
        mean: loss -> mean rank, best first.
        critical_difference: mean ranks further apart than this differ (Nemenyi, at 0.05).
        data_sets: number of them.
    """

    mean: dict[str, float]
    critical_difference: float
    data_sets: int

    @classmethod
    def of(cls, names: list[str], merits: Scores) -> "Ranks":
        """Rank the losses in each data set, ties sharing their ranks.

        Args:
            names: of the losses.
            merits: (data sets, losses), larger is better.

        Raises:
            ValueError: there are fewer than two data sets or losses.

        Source:
            Demsar, JMLR 2006.
        """
        data_sets, losses = merits.shape
        if data_sets < 2 or losses < 2:
            raise ValueError(f"ranks need >= 2 data sets and >= 2 losses, got {data_sets} and {losses}")
        means = stats.rankdata(-merits, axis=1).mean(axis=0)
        quantile = float(stats.studentized_range.isf(LEVEL, losses, np.inf)) / math.sqrt(2)
        order = np.argsort(means, kind="stable")
        return cls(
            mean={names[number]: float(means[number]) for number in order},
            critical_difference=quantile * math.sqrt(losses * (losses + 1) / (6 * data_sets)),
            data_sets=data_sets,
        )

    def sentence(self) -> str:
        """Say which loss ranks best, and from which others it differs."""
        best, *others = self.mean
        worse = [name for name in others if self.mean[name] - self.mean[best] > self.critical_difference]
        told = f"it differs from {', '.join(worse)}" if worse else "it cannot be told from any other loss"
        return f"Over {self.data_sets} data sets {best} has the best mean rank, {self.mean[best]:.2f}; {told}."

    def groups(self) -> list[list[str]]:
        """Return the largest groups of two or more losses next to each other whose ranks do not differ."""
        names = list(self.mean)
        found: list[list[str]] = []
        for first in range(len(names)):
            reach = self.mean[names[first]] + self.critical_difference
            near = [name for name in names[first:] if self.mean[name] <= reach]
            if len(near) > 1 and not (found and set(near) <= set(found[-1])):
                found.append(near)
        return found
