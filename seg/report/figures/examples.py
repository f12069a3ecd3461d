"""The same test crops for every loss, and an enlarged part of the boundary."""

import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from seg.analysis.summary import LossRow, Summary
from seg.data.case_files import read_mask
from seg.record import RunRecord
from seg.report.figures import crops
from seg.report.figures.style import Drawing, canvas, legend_beside, looks, publish

_ZOOM_PX = 24


@dataclass(frozen=True)
class Example:
    """The same crop of one test image for every loss; pictures are data URIs.

    Attributes:
        title: name of the image and its place among the others.
        image, truth: of the crop.
        answers: name of the loss, probability, overlay of hits and misses.
    """

    title: str
    image: str
    truth: str
    answers: list[tuple[str, str, str]]


def choose_examples(summary: Summary, runs: dict[Path, RunRecord]) -> list[Example]:
    """Return the worst, the median and the best test image, by the mean over the losses; each loss by its best run.

    Args:
        summary: of the comparison.
        runs: folder -> record.
    """
    rows = _shown(summary)
    means = _worst_first(rows, summary.rank_by, runs)
    order = list(means)
    places = {order[0]: "worst", order[len(order) // 2]: "median", order[-1]: "best"} if order else {}
    return [
        _example(image, f"{image} ({place}, mean {means[image]:.3f})", rows, runs) for image, place in places.items()
    ]


def _shown(summary: Summary) -> list[LossRow]:
    return [row for row in summary.rows if row.best is not None and (row.best / "test").is_dir()]


def _worst_first(rows: list[LossRow], metric: str, runs: dict[Path, RunRecord]) -> dict[str, float]:
    """Return test image -> mean over the losses, of the images that all have."""
    scores = [_by_image(runs[row.best], metric) for row in rows if row.best]
    common = set.intersection(*(set(of_loss) for of_loss in scores)) if scores else set()
    means = {image: statistics.fmean(of_loss[image] for of_loss in scores) for image in common}
    return dict(sorted(means.items(), key=lambda item: (item[1], item[0])))


def _by_image(record: RunRecord, metric: str) -> dict[str, float]:
    return dict(zip(record.test.images, record.test.metrics[metric], strict=True)) if record.test else {}


def _example(image: str, title: str, rows: list[LossRow], runs: dict[Path, RunRecord]) -> Example:
    folders = {row.name: (row.best / "test" / image, runs[row.best].used_threshold) for row in rows if row.best}
    first, _ = next(iter(folders.values()))
    window = crops.crop_window(read_mask(first), crops.CROP_PX)
    return Example(
        title=title,
        image=crops.image_crop(first, window),
        truth=crops.truth_crop(first, window),
        answers=[
            (name, crops.probability_crop(path, window), crops.overlay_crop(path, window, threshold))
            for name, (path, threshold) in folders.items()
        ],
    )


def sharpness_figure(summary: Summary, runs: dict[Path, RunRecord], folder: Path) -> list[Drawing]:
    """Draw a few pixels of boundary as each loss predicts them, and the profile across it; nothing without pictures.

    Args:
        summary: of the comparison.
        runs: folder -> record.
        folder: of the report.
    """
    rows = _shown(summary)
    images = list(_worst_first(rows, summary.rank_by, runs))
    if not images:
        return []
    paths = {row.name: row.best / "test" / images[len(images) // 2] for row in rows if row.best}
    truth = read_mask(next(iter(paths.values())))
    window = crops.crop_window(truth, _ZOOM_PX)
    drawings = [_zoom(paths, truth[window], window, folder)]
    return [*drawings, _profiles(paths, truth, folder)]


def _zoom(paths: dict[str, Path], truth: NDArray[np.bool_], window: crops.Window, folder: Path) -> Drawing:
    pictures = {"truth": truth.astype(np.float32)}
    pictures |= {name: crops.read_probability(path)[window] for name, path in paths.items()}
    columns = min(len(pictures), 6)
    lines = -(-len(pictures) // columns)
    with canvas(1.5 * columns, 1.75 * lines, nrows=lines, ncols=columns, squeeze=False) as (figure, axes):
        for box in axes.flat:
            box.axis("off")
        for box, (name, picture) in zip(axes.flat, pictures.items(), strict=False):
            box.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            box.set_title(name, fontsize=9)
        caption = f"{_ZOOM_PX} px of the median test image: probabilities, black is 0, white is 1; blur is grey"
        return publish(figure, folder, "zoom", caption)


def _profiles(paths: dict[str, Path], truth: NDArray[np.bool_], folder: Path) -> Drawing:
    """Draw the mean probability against the distance from the true contour."""
    signed = np.where(truth, 0.5 - distance_transform_edt(truth), distance_transform_edt(~truth) - 0.5)
    edges, valid = np.arange(-4, 9), crops.read_valid(next(iter(paths.values())))
    with canvas(7, 3) as (figure, axes):
        for name, path in paths.items():
            probability = crops.read_probability(path)
            inside = [(signed >= low) & (signed < low + 1) & valid for low in edges[:-1]]
            means = [probability[where].mean() if where.any() else np.nan for where in inside]
            axes.plot(edges[:-1] + 0.5, means, **looks(list(paths))[name], markersize=4, linewidth=1.2, label=name)
        axes.plot([-4, 0, 0, 8], [1, 1, 0, 0], color="#999999", linestyle=":", label="truth")
        axes.set(xlabel="distance from the true contour, px (negative: on the boundary)", ylabel="mean probability")
        legend_beside(axes)
        caption = "Mean probability across the true contour on the median test image"
        return publish(figure, folder, "profile", caption)
