"""Figures of the training: learning curves, cost, and what averaged predictions bring."""

import csv
import statistics
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from seg.analysis.summary import Summary
from seg.metrics.collapse import VERDICTS
from seg.metrics.table import METRICS
from seg.record import Averaging, RunRecord
from seg.report.figures.style import Drawing, canvas, legend_beside, looks, publish

Runs = dict[Path, RunRecord]

#: Height of the lines of an arm's runs together, of its row.
_ROW = 0.6


def learning_curves(runs: Runs, order: list[str], rank_by: str, folder: Path) -> list[Drawing]:
    """Draw the metric that ranks for all losses in one figure, and the validation loss of each in its own.

    Args:
        runs: folder -> record.
        order: names of the losses.
        rank_by: the metric.
        folder: of the report.
    """
    by_name = {name: [path for path, record in runs.items() if record.name == name] for name in order}
    colors = {name: look["color"] for name, look in looks(order).items()}
    word = METRICS[rank_by].title
    with canvas(7, 3.2) as (figure, axes):
        for name, paths in by_name.items():
            _draw(axes, paths, f"val/{rank_by}", name, colors[name])
        axes.set(xlabel="epoch", ylabel=word)
        legend_beside(axes)
        caption = (
            f"{word} on validation, a line per seed; a cross is a collapsed network, "
            "a ring one whose mask at 0.5 is empty or full"
        )
        drawings = [publish(figure, folder, "learning", caption)]
    for number, (name, paths) in enumerate(by_name.items()):
        with canvas(3.6, 2.4) as (figure, axes):
            _draw(axes, paths, "val/loss", name, colors[name])
            axes.set(xlabel="epoch", ylabel="validation loss")
            drawings.append(publish(figure, folder, f"learning_{number}", f"{name}: validation loss"))
    return drawings


def _draw(axes: Axes, paths: list[Path], column: str, name: str, color: str) -> None:
    """Draw a line per seed, with a mark where the network had collapsed."""
    for seed, path in enumerate(paths):
        rows = _read(path / "metrics.csv", column)
        epochs = [int(row["epoch"]) + 1 for row in rows]
        values = [float(row[column]) for row in rows]
        axes.plot(epochs, values, ".-", color=color, linewidth=1.2, label=name if seed == 0 else None)
        found = [VERDICTS[int(float(row.get("val/collapse") or 0))] for row in rows]
        for marker, artefact in (("x", False), ("o", True)):
            marked = [
                at
                for at, verdict in enumerate(found)
                if verdict != "none" and (verdict == "threshold artefact") == artefact
            ]
            axes.plot([epochs[at] for at in marked], [values[at] for at in marked], marker, color=color,
                      markersize=9, fillstyle="none", markeredgewidth=2)  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _read(path: Path, column: str) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row.get(column)]


def cost(summary: Summary, runs: Runs, folder: Path) -> list[Drawing]:
    """Draw the milliseconds per step of every loss, a mark per run; nothing without a finished run.

    Args:
        summary: of the comparison.
        runs: folder -> record.
        folder: of the report.
    """
    timed = [row for row in summary.rows if row.step_ms]
    if not timed:
        return []
    colors = looks([row.name for row in summary.rows])
    with canvas(7, 0.9 + 0.35 * len(timed)) as (figure, axes):
        for number, row in enumerate(timed):
            axes.barh(number, row.step_ms, color=colors[row.name]["color"], alpha=0.5, height=0.6)
            each = [ms for path, ms in summary.cost.ms.items() if runs[path].name == row.name]
            axes.plot(each, [number] * len(each), "k|", markersize=10)
        axes.set_yticks(range(len(timed)), [row.name for row in timed])
        axes.invert_yaxis()
        axes.set(xlabel="milliseconds per training step")
        caption = f"Cost per step ({summary.cost.meaning}); valid for this machine and its load at the time"
        return [publish(figure, folder, "cost", caption)]


def averaging(runs: Runs, order: list[str], rank_by: str, folder: Path) -> list[Drawing]:
    """Draw what averaging over flips and turns brings each loss, a line per run; nothing where no run was validated so.

    Args:
        runs: folder -> record.
        order: names of the losses.
        rank_by: the metric.
        folder: of the report.
    """
    known = [(record.name, record.averaging) for record in runs.values() if record.averaging]
    if not known:
        return []
    names = [name for name in order if name in dict(known)]
    colors = looks(order)
    with canvas(7, 1.1 + 0.35 * len(names)) as (figure, axes):
        for row, name in enumerate(names):
            _draw_gains(axes, [each for arm, each in known if arm == name], row, colors[name]["color"])
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel=f"{METRICS[rank_by].title} on validation", ylim=(len(names) - 0.5, -0.5))
        gain = statistics.fmean(each.averaged - each.plain for _, each in known)
        times = statistics.median(each.averaged_seconds / each.plain_seconds for _, each in known)
        caption = (
            "Averaging over flips and turns: one line per run, from plain predictions (ring) to averaged ones (dot),"
            f" each at its own threshold; {gain:+.3f} on average, for {times:.1f} times the time of a validation"
        )
        return [publish(figure, folder, "averaging", caption)]


def _draw_gains(axes: Axes, gains: list[Averaging], row: int, color: str) -> None:
    """Draw the runs of an arm below each other."""
    for number, each in enumerate(gains):
        height = row + _ROW * ((number + 0.5) / len(gains) - 0.5)
        axes.plot([each.plain, each.averaged], [height, height], color=color, linewidth=1.2)
        axes.plot(each.plain, height, "o", color=color, fillstyle="none", markersize=5)
        axes.plot(each.averaged, height, "o", color=color, markersize=5)
