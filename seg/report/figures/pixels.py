"""Figures that count test pixels: precision against recall, and the calibration of probabilities."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from seg.data.case_files import read_mask
from seg.record import RunRecord
from seg.report.figures.crops import read_probability, read_valid
from seg.report.figures.style import Drawing, canvas, legend_beside, looks, publish

_BINS = 1000
_RELIABILITY_BINS = 15

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class PixelCounts:
    """Pixels on and off the true boundary by probability, (1000,) each, over all seeds and test images."""

    on: Counts
    off: Counts

    @property
    def prevalence(self) -> float:
        """Share of boundary."""
        return float(self.on.sum() / (self.on.sum() + self.off.sum()))

    def precision_and_recall(self) -> tuple[Counts, Counts]:
        """Return both at falling thresholds, without those at which nothing is predicted."""
        found, predicted = self.on[::-1].cumsum(), (self.on + self.off)[::-1].cumsum()
        some = predicted > 0
        return found[some] / predicted[some], found[some] / max(self.on.sum(), 1)

    def reliability(self) -> tuple[Counts, Counts]:
        """Return mean predicted probability and observed frequency of boundary in the occupied of 15 equal bins."""
        total, middle = self.on + self.off, (np.arange(_BINS) + 0.5) / _BINS
        edges = np.linspace(0, _BINS, _RELIABILITY_BINS, endpoint=False).astype(int)
        pixels = np.add.reduceat(total, edges)
        some = pixels > 0
        predicted = np.add.reduceat(total * middle, edges)[some] / pixels[some]
        return predicted, np.add.reduceat(self.on, edges)[some] / pixels[some]


def count_pixels(runs: dict[Path, RunRecord]) -> dict[str, PixelCounts]:
    """Count the pixels of every loss whose finished runs have pictures."""
    counts: dict[str, PixelCounts] = {}
    for path, record in runs.items():
        for image in record.test.images if record.test else []:
            if (path / "test" / image / "probability.png").is_file():
                here = _count(path / "test" / image)
                before = counts.get(record.name, PixelCounts(np.zeros(_BINS), np.zeros(_BINS)))
                counts[record.name] = PixelCounts(before.on + here.on, before.off + here.off)
    return counts


def _count(folder: Path) -> PixelCounts:
    truth, valid = read_mask(folder), read_valid(folder)
    bins = (read_probability(folder) * _BINS).astype(np.int64).clip(0, _BINS - 1)
    on, off = (np.bincount(bins[where], minlength=_BINS).astype(np.float64) for where in (truth, ~truth & valid))
    return PixelCounts(on, off)


def pixel_figures(runs: dict[Path, RunRecord], order: list[str], folder: Path) -> list[Drawing]:
    """Draw precision-recall curves and reliability diagrams; nothing where no run has pictures.

    Args:
        runs: folder -> record.
        order: names of the losses, best first.
        folder: of the report.
    """
    counted = count_pixels(runs)
    counts = {name: counted[name] for name in order if name in counted}
    if not counts:
        return []
    with canvas(9, 3.6, ncols=2) as (figure, (left, right)):
        for name, of_loss in counts.items():
            precision, recall = of_loss.precision_and_recall()
            left.plot(recall, precision, color=looks(order)[name]["color"], linewidth=1.4)
            right.plot(*of_loss.reliability(), **looks(order)[name], markersize=4, linewidth=1.2, label=name)
        _frame(left, "recall", "precision")
        left.axhline(next(iter(counts.values())).prevalence, color="#999999", linestyle=":")
        _frame(right, "mean predicted probability", "observed frequency of boundary")
        right.plot([0, 1], [0, 1], color="#999999", linestyle=":")
        legend_beside(right)
        caption = (
            "All pixels of all seeds and test images. Left: precision against recall, the dotted line is chance. "
            "Right: reliability diagram; on the dotted line the network is calibrated, below it overconfident"
        )
        return [publish(figure, folder, "pixels", caption)]


def _frame(axes: Axes, along: str, up: str) -> None:
    axes.set(xlabel=along, ylabel=up, xlim=(0, 1.01), ylim=(0, 1.01))
