"""The figure of learning curves over the number of training images."""

from pathlib import Path

import numpy as np

from seg.analysis.learning_curve import LearningCurve
from seg.metrics.table import METRICS
from seg.report.figures.style import Drawing, canvas, legend_beside, looks, publish

_POINTS = 24


def annotation_figure(curves: list[LearningCurve], metric: str, folder: Path) -> Drawing:
    """Draw the scores at each number of images, a dot per seed, and the fitted curve up to twice the largest number.

    Args:
        curves: at least one.
        metric: that ranks.
        folder: of the report.
    """
    styles = looks([curve.name for curve in curves])
    with canvas(7, 3.4) as (figure, axes):
        for curve in curves:
            style = styles[curve.name]
            counts = np.geomspace(curve.counts[0], 2 * curve.counts[-1], _POINTS)
            levels = [curve.level(count) for count in counts]
            axes.plot(counts, [level.mean for level in levels], color=style["color"], linewidth=1.2)
            low, high = [level.low for level in levels], [level.high for level in levels]
            axes.fill_between(counts, low, high, color=style["color"], alpha=0.15, linewidth=0)
            seeds = curve.scores.mean(axis=2)
            axes.plot(curve.counts, curve.means, color=style["color"], marker=style["marker"], linestyle="none",
                      label=curve.name)  # fmt: skip
            axes.plot(curve.counts, seeds, "k.", markersize=4)
        ticks = sorted({int(count) for curve in curves for count in (*curve.counts, 2 * curve.counts[-1])})
        axes.set_xscale("log")
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.set(xlabel="annotated images in the training", ylabel=METRICS[metric].title)
        legend_beside(axes)
        caption = (
            "Test score by the number of training images; black dots are seeds; curve and 95 % band: fitted power law"
        )
        return publish(figure, folder, "annotation", caption)
