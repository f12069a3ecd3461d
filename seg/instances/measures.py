"""What a biologist takes home: numbers for each cell."""

import csv
import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops
from skimage.segmentation import expand_labels

from seg.instances.labels import Box, Mask
from seg.instances.large_cell import LargeCell
from seg.instances.regions import Contacts, Readable, bands, count_pixels, find_boxes

#: Height and width of a pixel in micrometers.
PixelSize = tuple[float, float]

#: Cells are neighbors where at most this many pixels of boundary lie between them.
NEIGHBOR_GAP_PX = 4

#: Significant digits of every number that is written.
DIGITS = 6

#: Cells in larger boxes are measured in bands.
LARGE_BOX_PIXELS = 1 << 21

_LENGTHS = ("perimeter", "axis_major_length", "axis_minor_length")
_SHAPE = ("area", "centroid-0", "centroid-1", "eccentricity", "orientation", "solidity", *_LENGTHS)


def measure_cells(
    labels: Readable, image: Readable | None = None, pixel: PixelSize | None = None
) -> dict[str, NDArray[Any]]:
    """Return column -> one value per cell, under the names of `skimage.measure.regionprops`.

    Lengths and areas are in pixels; where the size of a pixel is known, columns ending in _um and _um2 hold them in
    micrometers. Added to regionprops are circularity, 4 pi area / perimeter^2, at most 1; neighbors, the cells at most
    `NEIGHBOR_GAP_PX` away; border_distance, from the centroid to the nearest edge of the picture; touches_border;
    intensity_mean-c and intensity_total-c of channel c.

    Args:
        labels: (H, W), cells from 1, 0 is background; a few rows, or the box of a cell, are taken at a time.
        image: (H, W) or (H, W, C), as it was read, of which rows are taken; no intensities without it.
        pixel: (height, width) of a pixel in micrometers.

    Raises:
        ValueError: labels and image differ in size.
    """
    if image is not None and image.shape[:2] != labels.shape:
        raise ValueError(f"labels of {labels.shape} and an image of {image.shape[:2]} pixels do not fit")
    boxes = find_boxes(labels)
    table = _shapes(labels, boxes)
    area, perimeter = table["area"], table["perimeter"]
    table["circularity"] = np.minimum(4 * math.pi * area / np.maximum(perimeter, 1) ** 2, 1.0)
    table["neighbors"] = _count_neighbors(labels)[table["label"]]
    height, width = labels.shape
    rows, columns = table["centroid-0"], table["centroid-1"]
    to_edges = (rows + 0.5, columns + 0.5, height - 0.5 - rows, width - 0.5 - columns)
    table["border_distance"] = np.minimum.reduce(to_edges)
    table["touches_border"] = np.array([_touches_border(box, labels.shape) for box in boxes.values()], np.int64)
    if image is not None:
        table |= _intensities(labels, image, table["label"])
    return table | (_calibrated(table, pixel) if pixel else {})


def _shapes(labels: Readable, boxes: dict[int, Box]) -> dict[str, NDArray[Any]]:
    """Return the columns of `_SHAPE` after that of the labels."""
    rows = [_shape(labels, label, box) for label, box in boxes.items()]
    columns = np.array(rows, np.float64).reshape(-1, len(_SHAPE)).T
    return {"label": np.array(list(boxes), np.int64)} | dict(zip(_SHAPE, columns, strict=True))


def _shape(labels: Readable, label: int, box: Box) -> list[float]:
    """Return the row of a cell; that of a large one is measured in bands."""
    top, left = (part.start for part in box)
    cell = LargeCell(labels, box, label) if _count_box(box) > LARGE_BOX_PIXELS else _region(labels[box] == label)
    down, right = cell.centroid
    found = {"centroid-0": top + down, "centroid-1": left + right}
    return [found[name] if name in found else getattr(cell, name) for name in _SHAPE]


def _count_box(box: Box) -> int:
    height, width = (int(part.stop - part.start) for part in box)
    return height * width


def _region(inside: Mask) -> Any:
    (region,) = regionprops(inside.view(np.uint8))
    return region


def _touches_border(box: Box, shape: tuple[int, ...]) -> bool:
    return any(part.start == 0 or part.stop == size for part, size in zip(box, shape, strict=True))


def to_csv(table: dict[str, NDArray[Any]]) -> str:
    """Return the table as CSV with a header; numbers have `DIGITS` significant digits, NaN is left empty.

    Args:
        table: column -> one value per cell, as `measure_cells` returns it.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table)
    writer.writerows([_text(value) for value in row] for row in zip(*table.values(), strict=True))
    return stream.getvalue()


def significant(value: float) -> float:
    """Return a number rounded to `DIGITS` significant digits; a whole number stays as it is."""
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


def _text(value: Any) -> str:
    if isinstance(value, np.integer):
        return str(value)
    return "" if math.isnan(value) else f"{value:.{DIGITS}g}"


def _count_neighbors(labels: Readable) -> NDArray[np.int64]:
    """Return the number of neighbors of each label, from 0 on."""
    pairs = np.unique(np.concatenate([_pairs(labels, rows) for rows in bands(labels)]), axis=0)
    return np.bincount(pairs.ravel(), minlength=len(count_pixels(labels)))


def _pairs(labels: Readable, rows: slice) -> NDArray[np.int64]:
    """Return the pairs (N, 2) of cells that are neighbors in some of the rows."""
    top = max(rows.start - NEIGHBOR_GAP_PX, 0)
    grown = expand_labels(labels[top : rows.stop + NEIGHBOR_GAP_PX + 1], NEIGHBOR_GAP_PX / 2)
    grown = grown[rows.start - top : rows.stop - top + 1]
    contacts = Contacts(grown, np.zeros(grown.shape, np.float32))
    return np.stack([contacts.first, contacts.second], axis=1)[contacts.first > 0]


def _calibrated(table: dict[str, NDArray[Any]], pixel: PixelSize) -> dict[str, NDArray[Any]]:
    """Return the lengths and areas in micrometers; lengths that run in any direction only where pixels are square."""
    height, width = pixel
    side = height if math.isclose(height, width, rel_tol=1e-3) else math.nan
    lengths = {name: table[name] * side for name in (*_LENGTHS, "border_distance")}
    centroids = {"centroid-0": table["centroid-0"] * height, "centroid-1": table["centroid-1"] * width}
    calibrated = {f"{name}_um": values for name, values in (centroids | lengths).items()}
    return {"area_um2": table["area"] * height * width} | calibrated


def _intensities(labels: Readable, image: Readable, names: NDArray[Any]) -> dict[str, NDArray[Any]]:
    sizes = count_pixels(labels)
    channels = image.shape[2] if len(image.shape) == 3 else 1
    totals = np.zeros((channels, len(sizes)))
    for rows in bands(labels):
        numbers, values = labels[rows].ravel(), image[rows].reshape(-1, channels)
        for channel in range(channels):
            totals[channel] += np.bincount(numbers, values[:, channel], len(sizes))
    columns: dict[str, NDArray[Any]] = {}
    for channel, total in enumerate(totals[:, names]):
        columns |= {f"intensity_mean-{channel}": total / sizes[names], f"intensity_total-{channel}": total}
    return columns
