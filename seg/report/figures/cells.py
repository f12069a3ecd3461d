"""The cells that the chosen run finds in a test image."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.case_files import read_true_cells
from seg.data.reading import read_image_file
from seg.record import RunRecord
from seg.report.figures.style import COLORS, Drawing, canvas, publish

_OPACITY = 0.55
_SIDE_PX = 256


def cells_figure(chosen: Path | None, runs: dict[Path, RunRecord], folder: Path) -> list[Drawing]:
    """Draw an image, its true cells and the cells found, of the median test image; nothing without found cells.

    Args:
        chosen: folder of the run; None where none finished.
        runs: folder -> record.
        folder: of the report.
    """
    record = runs[chosen] if chosen else None
    if chosen is None or record is None or record.test is None or "instance_ap" not in record.test.metrics:
        return []
    order = np.argsort(record.test.metrics["instance_ap"], kind="stable")
    number = int(order[len(order) // 2])
    case = chosen / "test" / record.test.images[number]
    if not (case / "cells.tif").is_file():
        return []
    image, cells = read_image_file(case / "image.png"), read_image_file(case / "cells.tif")
    pictures = {
        "image": _grey(image),
        "true cells": _colored(image, read_true_cells(case)),
        "cells found": _colored(image, cells),
    }
    with canvas(7.5, 2.8, ncols=3) as (figure, axes):
        for box, (title, picture) in zip(axes, pictures.items(), strict=True):
            box.imshow(picture[:_SIDE_PX, :_SIDE_PX], interpolation="nearest")
            box.set_title(title, fontsize=10)
            box.axis("off")
        score = record.test.metrics["instance_ap50"][number]
        caption = (
            f"{record.name}, seed {record.seed}: {len(np.unique(cells)) - 1} cells found in a test image of median"
        )
        return [publish(figure, folder, "cells", f"{caption} score (instance AP at 0.5: {score:.3f})")]


def _grey(image: NDArray[Any]) -> NDArray[np.float64]:
    """Return (H, W, 3) in [0, 1]."""
    return np.repeat(image[..., None], 3, axis=2) / 255 if image.ndim == 2 else image / 255


def _colored(image: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the image with its cells in colors, neighbors mostly in different ones."""
    palette = np.array([[int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)] for color in COLORS[:6]])
    picture = _grey(image)
    inside = labels > 0
    picture[inside] += _OPACITY * (palette[labels[inside].astype(np.int64) * 5 % 6] - picture[inside])
    return picture
