"""Figures of the judgement: the ranking with its intervals, and the differences of all pairs."""

import math
from pathlib import Path

from matplotlib.axes import Axes

from seg.analysis.pair import Estimate
from seg.analysis.pairwise import Judgement
from seg.metrics.table import METRICS
from seg.report.figures.style import Drawing, canvas, looks, publish


def ranking(
    judgement: Judgement, seeds: dict[str, list[float]], baselines: dict[str, float], metric: str, folder: Path
) -> Drawing:
    """Draw mean and interval of each loss, its seeds as dots, and the baselines as lines.

    Args:
        judgement: of the metric.
        seeds: loss -> mean over the images, one per seed; in the order of the page.
        baselines: name -> mean over the images.
        metric: that ranks.
        folder: of the report.
    """
    names = list(judgement.estimates)
    with canvas(7, 1.1 + 0.38 * len(names)) as (figure, axes):
        for number, name in enumerate(names):
            _interval(axes, judgement.estimates[name], number, looks(list(seeds))[name]["color"])
            axes.plot(seeds[name], [number] * len(seeds[name]), "k.", markersize=5)
        left, right = axes.get_xlim()
        for name, value in baselines.items():
            if not left <= value <= right:
                continue
            axes.axvline(value, color="#999999", linestyle=":")
            axes.annotate(name, (value, 1), (2, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
                          fontsize=8)  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set(xlabel=f"{METRICS[metric].title} on the test images")
        caption = (
            "Mean with 95 % interval over seeds and images, dots are runs; "
            "baselines without training are dotted lines where they are in range"
        )
        return publish(figure, folder, "ranking", caption)


def pairs(judgement: Judgement, metric: str, folder: Path) -> Drawing:
    """Draw the difference of each pair with its interval, its images as dots and its seeds as diamonds.

    Args:
        judgement: of the metric.
        metric: key in `METRICS`.
        folder: of the report.
    """
    with canvas(7, 1.1 + 0.36 * len(judgement.pairs)) as (figure, axes):
        for number, pair in enumerate(judgement.pairs):
            color = "#0072B2" if pair.different else "#999999"
            _interval(axes, pair.difference, number, color)
            by_image, by_seed = pair.differences.mean(axis=0), pair.differences.mean(axis=1)
            axes.plot(by_image, [number + 0.2] * len(by_image), ".", color=color, markersize=4, alpha=0.7)
            axes.plot(by_seed, [number - 0.2] * len(by_seed), "D", color=color, markersize=4, alpha=0.7)
        axes.axvline(0, color="#000000", linewidth=0.8)
        axes.set_yticks(range(len(judgement.pairs)), [f"{pair.better} - {pair.worse}" for pair in judgement.pairs])
        axes.invert_yaxis()
        axes.set(xlabel=f"difference in {METRICS[metric].title}, > 0 in favor of the first")
        caption = (
            "Paired differences with 95 % interval, each pair by itself; diamonds are seeds, dots test images; "
            "blue is established after Holm's correction, grey is not"
        )
        return publish(figure, folder, "pairs", caption)


def _interval(axes: Axes, estimate: Estimate, row: int, color: str) -> None:
    if not math.isnan(estimate.low):
        axes.plot([estimate.low, estimate.high], [row, row], color=color, linewidth=3, solid_capstyle="butt")
    axes.plot(estimate.mean, row, "o", color=color, markersize=8)
