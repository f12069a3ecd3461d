"""Losses over several data sets: mean ranks, and the critical difference between them."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from scipy import stats

from seg.compare.drawing import Drawing, canvas, publish
from seg.compare.statistics import LEVEL, Scores


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
        """Say which loss ranks best, and which ones it is told from."""
        best, *others = self.mean
        worse = [name for name in others if self.mean[name] - self.mean[best] > self.critical_difference]
        told = f"it differs from {', '.join(worse)}" if worse else "no other loss can be told from it"
        return f"Over {self.data_sets} data sets {best} has the best mean rank, {self.mean[best]:.2f}; {told}."

    def groups(self) -> list[list[str]]:
        """Return the largest runs of neighbors, two at least, whose ranks do not differ."""
        names = list(self.mean)
        found: list[list[str]] = []
        for first in range(len(names)):
            reach = self.mean[names[first]] + self.critical_difference
            near = [name for name in names[first:] if self.mean[name] <= reach]
            if len(near) > 1 and not (found and set(near) <= set(found[-1])):
                found.append(near)
        return found


def critical_difference_diagram(ranks: Ranks, folder: Path) -> Drawing:
    """Draw the mean ranks on a line, a bar over each group that does not differ."""
    names, groups = list(ranks.mean), ranks.groups()
    with canvas(7, 1.5 + 0.15 * len(names) + 0.15 * len(groups)) as (figure, axes):
        figure.set_layout_engine("none")  # names may be longer than the room beside the line; the file grows with them
        axes.axis("off")
        last = len(names)
        axes.set(xlim=(1 - 0.45 * last, 1.45 * last), ylim=(-0.45 * len(groups) - 0.5 * last - 1.2, 2.2))
        axes.plot([1, last], [0, 0], color="#000000", linewidth=1)
        for rank in range(1, last + 1):
            axes.plot([rank, rank], [0, 0.25], color="#000000", linewidth=1)
            axes.text(rank, 0.35, str(rank), ha="center", fontsize=9)
        for number, name in enumerate(names):
            _label(axes, ranks.mean[name], name, number, last, low=-0.45 * len(groups))
        for number, group in enumerate(groups):
            ends = [ranks.mean[group[0]] - 0.03, ranks.mean[group[-1]] + 0.03]
            axes.plot(ends, [-0.4 * (number + 1)] * 2, color="#0072B2", linewidth=4, solid_capstyle="butt")
        axes.plot([1, 1 + ranks.critical_difference], [1.4, 1.4], color="#D55E00", linewidth=2)
        axes.text(1, 1.6, f"critical difference {ranks.critical_difference:.2f}", fontsize=9)
        caption = (
            f"Mean ranks over {ranks.data_sets} data sets, 1 is best; a bar joins losses whose ranks do not differ "
            "(Nemenyi, 0.05)"
        )
        return publish(figure, folder, "ranks", caption)


def _label(axes: Axes, rank: float, name: str, number: int, last: int, low: float) -> None:
    """Lead from a mean rank down to the name: the better half to the left, the others to the right."""
    left = number < (last + 1) // 2
    level = low - 0.8 * (1 + (number if left else last - 1 - number))
    edge = 0.8 if left else last + 0.2
    axes.plot([rank, rank, edge], [0, level, level], color="#000000", linewidth=0.8)
    side = "right" if left else "left"
    axes.text(edge + (-0.05 if left else 0.05), level, f"{name} ({rank:.2f})", ha=side, va="center")
