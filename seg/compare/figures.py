"""The pictures of the report: learning curves as SVG, crops as PNG."""

import base64
import csv
import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from seg.data.reading import read_image_file
from seg.data.scaling import match_channels
from seg.data.writing import decode_probability, encode_image

#: Okabe and Ito: told apart by color-blind readers, on white and on black.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
HIT, MISS, FALSE = (0, 158, 115), (213, 94, 0), (86, 180, 233)
CROP_PX = 192

Picture = NDArray[np.uint8]


def learning_curves(runs: dict[str, list[Path]], column: str, label: str) -> str:
    """Return an SVG of one column of metrics.csv against the epoch: a color per loss, a line per seed.

    Args:
        runs: loss -> folders of its runs.
        column: e.g. "val/boundary_f1".
        label: of the vertical axis.
    """
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "septum", "font.size": 10}):
        several = len(runs) > 1
        figure = Figure(figsize=(7, 3.2) if several else (3.6, 2.4), layout="constrained")
        axes = figure.subplots()
        for number, (name, folders) in enumerate(runs.items()):
            for seed, folder in enumerate(folders):
                epochs, values = _read_column(folder / "metrics.csv", column)
                shown = name if seed == 0 else None
                axes.plot(epochs, values, ".-", color=COLORS[number % len(COLORS)], linewidth=1.2, label=shown)
        axes.set(xlabel="epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        if several:
            axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        return _to_svg(figure)


def _read_column(path: Path, column: str) -> tuple[list[int], list[float]]:
    if not path.is_file():
        return [], []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get(column)]
    return [int(row["epoch"]) + 1 for row in rows], [float(row[column]) for row in rows]


def _to_svg(figure: Figure) -> str:
    """Return the figure without background, black drawn in the color of the page's text."""
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    svg = stream.getvalue()
    drawing = svg[svg.index("<svg") :].replace("#000000", "currentColor")
    return drawing.replace("<text ", '<text fill="currentColor" ')


def crop_window(truth: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the window of at most 192 x 192 px, on a coarse grid, that holds the most boundary."""
    height, width = (min(CROP_PX, side) for side in truth.shape)
    summed = np.pad(truth.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    corners = [
        (row, column)
        for row in range(0, truth.shape[0] - height + 1, 16)
        for column in range(0, truth.shape[1] - width + 1, 16)
    ]

    def content(corner: tuple[int, int]) -> int:
        (top, left), (bottom, right) = corner, (corner[0] + height, corner[1] + width)
        return int(summed[bottom, right] - summed[top, right] - summed[bottom, left] + summed[top, left])

    top, left = max(corners, key=content)
    return slice(top, top + height), slice(left, left + width)


def read_truth(folder: Path) -> NDArray[np.bool_]:
    """Return the truth, (H, W), of one test image of a run."""
    truth: NDArray[np.bool_] = read_image_file(folder / "truth.png") > 0
    return truth


def image_crop(folder: Path, window: tuple[slice, slice]) -> str:
    """Return the image of a test folder, cropped, as a data URI."""
    return _data_uri(read_image_file(folder / "image.png")[window])


def truth_crop(folder: Path, window: tuple[slice, slice]) -> str:
    """Return the truth of a test folder, cropped, as a data URI."""
    return _data_uri(read_truth(folder)[window].astype(np.uint8) * np.uint8(255))


def probability_crop(folder: Path, window: tuple[slice, slice]) -> str:
    """Return the probability of a test folder, cropped, as a data URI: black is 0, white is 1."""
    return _data_uri((_probability(folder)[window] * 255).round().astype(np.uint8))


def overlay_crop(folder: Path, window: tuple[slice, slice], threshold: float) -> str:
    """Return hits, misses and false boundary drawn on the image, cropped, as a data URI."""
    image = match_channels(read_image_file(folder / "image.png")[window], 3)
    truth, predicted = read_truth(folder)[window], _probability(folder)[window] >= np.float32(threshold)
    picture = (image * 0.7 + 60).round().clip(0, 255).astype(np.uint8)
    for where, color in ((truth & predicted, HIT), (truth & ~predicted, MISS), (predicted & ~truth, FALSE)):
        picture[where] = color
    return _data_uri(picture)


def _probability(folder: Path) -> NDArray[np.float32]:
    return decode_probability((folder / "probability.png").read_bytes())


def _data_uri(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_image(np.ascontiguousarray(picture))).decode()
