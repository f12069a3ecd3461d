"""What a biologist takes home: numbers for each cell."""

import csv
import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import regionprops
from skimage.segmentation import expand_labels

from seg.instances.flood import Labels
from seg.instances.large_cell import LargeCell
from seg.instances.regions import Contacts, bands, count_pixels

#: Height and width of a pixel in micrometers.
PixelSize = tuple[float, float]

#: Cells are neighbors where at most this many pixels of boundary lie between them.
NEIGHBOR_GAP_PX = 4

#: Significant digits of every number that is written.
DIGITS = 6

#: Cells in larger boxes are measured in bands.
LARGE_BOX_PIXELS = 1 << 21

_LENGTHS = ("perimeter", "axis_major_length", "axis_minor_length")
_SHAPE = {"label": 0, "area": 0, "centroid": 2, "bbox": 4, "eccentricity": 0, "orientation": 0, "solidity": 0}
_SHAPE |= dict.fromkeys(_LENGTHS, 0)  # name -> the columns that it has, 0: one, without a number


def measure_cells(
    labels: Labels, image: NDArray[Any] | None = None, pixel: PixelSize | None = None
) -> dict[str, NDArray[Any]]:
    """Return column -> one value per cell, under the names of `skimage.measure.regionprops`.

    Lengths and areas are in pixels; where the size of a pixel is known, columns ending in _um and _um2 hold them in
    micrometers. Added to regionprops are circularity, 4 pi area / perimeter^2, at most 1; neighbors, the cells at most
    `NEIGHBOR_GAP_PX` away; border_distance, from the centroid to the nearest edge of the picture; touches_border;
    intensity_mean-c and intensity_total-c of channel c.

    Args:
        labels: (H, W), cells from 1, 0 is background.
        image: (H, W) or (H, W, C), as it was read; no intensities without it.
        pixel: (height, width) of a pixel in micrometers.

    Raises:
        ValueError: labels and image differ in size.
    """
    if image is not None and image.shape[:2] != labels.shape:
        raise ValueError(f"labels of {labels.shape} and an image of {image.shape[:2]} pixels do not fit")
    table = _shapes(labels)
    area, perimeter = table["area"].astype(np.float64), table["perimeter"]
    table["circularity"] = np.minimum(4 * math.pi * area / np.maximum(perimeter, 1) ** 2, 1.0)
    table["neighbors"] = _count_neighbors(labels)[table["label"]]
    height, width = labels.shape
    rows, columns = table["centroid-0"], table["centroid-1"]
    to_edges = (rows + 0.5, columns + 0.5, height - 0.5 - rows, width - 0.5 - columns)
    table["border_distance"] = np.minimum.reduce(to_edges)
    top, left, bottom, right = (table.pop(f"bbox-{side}") for side in range(4))
    table["touches_border"] = ((top == 0) | (left == 0) | (bottom == height) | (right == width)).astype(np.int64)
    if image is not None:
        table |= _intensities(labels, image, table["label"])
    return table | (_calibrated(table, pixel) if pixel else {})


def _shapes(labels: Labels) -> dict[str, NDArray[Any]]:
    """Return the columns of `_SHAPE`."""
    names = [f"{name}-{number}" if parts else name for name, parts in _SHAPE.items() for number in range(parts or 1)]
    cells = np.array([_shape(labels, region) for region in regionprops(labels)]).reshape(-1, len(names))
    return {name: column.astype(_type(name)) for name, column in zip(names, cells.T, strict=True)}


def _type(name: str) -> type[np.number[Any]]:
    return np.int64 if name.startswith(("label", "bbox")) else np.float64


def _shape(labels: Labels, region: Any) -> list[float]:
    """Return the row of a region, or what equals it where its box is large."""
    cell = LargeCell(labels, region.slice, region.label) if region.area_bbox > LARGE_BOX_PIXELS else region
    values = (getattr(cell, name) for name in _SHAPE)
    return [part for value in values for part in (value if isinstance(value, tuple) else (value,))]


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


def _count_neighbors(labels: Labels) -> NDArray[np.int64]:
    """Return the number of neighbors of each label, from 0 on."""
    count = int(labels.max()) + 1
    pairs = np.unique(np.concatenate([_pairs(labels, rows) for rows in bands(labels)]), axis=0)
    return np.bincount(pairs.ravel(), minlength=count)


def _pairs(labels: Labels, rows: slice) -> NDArray[np.int64]:
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


def _intensities(labels: Labels, image: NDArray[Any], names: NDArray[Any]) -> dict[str, NDArray[Any]]:
    channels = image[..., None] if image.ndim == 2 else image
    sizes = count_pixels(labels)[names]
    columns: dict[str, NDArray[Any]] = {}
    for channel in range(channels.shape[2]):
        total = _sums(labels, channels[..., channel])[names]
        columns |= {f"intensity_mean-{channel}": total / sizes, f"intensity_total-{channel}": total}
    return columns


def _sums(labels: Labels, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum of the values (H, W) under each label, from 0 on."""
    sums = np.zeros(int(labels.max()) + 1)
    for rows in bands(labels):
        sums += np.bincount(labels[rows].ravel(), values[rows].ravel(), len(sums))
    return sums
