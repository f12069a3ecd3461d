"""The critical-difference diagram of mean ranks."""

from pathlib import Path

from matplotlib.axes import Axes

from seg.analysis.ranks import Ranks
from seg.report.figures.style import Drawing, canvas, publish


def critical_difference_diagram(ranks: Ranks, folder: Path) -> Drawing:
    """Draw the mean ranks on a line, with a bar across each group that does not differ.

    Args:
        ranks: of the losses.
        folder: of the report.
    """
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
