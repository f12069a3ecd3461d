"""Cells as polygons and numbers."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from seg.data.pixel_size import PixelSize
from seg.instances.labels import Labels
from seg.instances.measures import significant
from service.outlines import Ring, trace


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        label: its number in the label image.
        area_px: its pixels.
        centroid_px: (x, y), the mean of its pixels' centers.
        polygons: its parts, each an outer ring followed by its holes; (0, 0) is the outer corner of the picture's first
            pixel, as in QuPath.
    """

    label: int
    area_px: int
    centroid_px: tuple[float, float]
    polygons: list[list[Ring]]

    def perimeter(self, pixel: PixelSize) -> float:
        """Return the length of all rings; a pixel is (height, width) in any unit."""
        steps = [np.diff(ring, axis=0) * pixel[::-1] for polygon in self.polygons for ring in polygon]
        return float(sum(np.hypot(*step.T).sum() for step in steps))


def find_cells(labels: Labels) -> Iterator[Cell]:
    """Yield the cells of a label image, in the order of their numbers; 0 is none.

    Their outlines run half-way between a cell's pixels and the others: touching cells never overlap.
    """
    for label, box in enumerate(find_objects(labels), start=1):
        if box is None:
            continue
        inside = labels[box] == label
        rows, columns = inside.sum(axis=1), inside.sum(axis=0)
        area = int(rows.sum())
        top, left = box[0].start, box[1].start
        corner = np.array([left - 0.5, top - 0.5])
        yield Cell(
            label,
            area,
            (left + _mean_position(columns, area), top + _mean_position(rows, area)),
            [[ring + corner for ring in polygon] for polygon in trace(inside)],
        )


def _mean_position(counts: NDArray[np.int64], total: int) -> float:
    """Return the mean of pixels' centers along a side, of which each place has so many pixels."""
    return float(counts @ np.arange(len(counts))) / total + 0.5


def feature_collection(cells: Iterable[Cell], pixel: PixelSize | None) -> bytes:
    """Return the cells as GeoJSON that QuPath opens as detections with measurements.

    Coordinates are pixels, as QuPath has them; measurements are in micrometers where the size of a pixel is known.

    Args:
        cells: of one image.
        pixel: (height, width) of a pixel in micrometers, where it is known.
    """
    written = bytearray(b'{"type":"FeatureCollection","features":[')
    for number, cell in enumerate(cells):
        written += b"," if number else b""
        written += to_json(
            _feature(cell, pixel)
        )  # one at a time: as Python's lists all of them would take ten times as much
    return bytes(written + b"]}")


def to_json(content: object) -> bytes:
    """Return JSON without spaces."""
    return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def _feature(cell: Cell, pixel: PixelSize | None) -> dict[str, Any]:
    polygons = [[ring.tolist() for ring in polygon] for polygon in cell.polygons]
    geometry = (
        {"type": "Polygon", "coordinates": polygons[0]}
        if len(polygons) == 1
        else {"type": "MultiPolygon", "coordinates": polygons}
    )
    unit, (height, width) = ("µm", pixel) if pixel else ("px", (1, 1))
    x, y = cell.centroid_px
    measured = {
        f"Area {unit}^2": cell.area_px * height * width,
        f"Perimeter {unit}": cell.perimeter((height, width)),
        f"Centroid X {unit}": x * width,
        f"Centroid Y {unit}": y * height,
    }
    properties = {
        "objectType": "detection",
        "name": str(cell.label),
        "classification": {"name": "Cell", "color": [255, 200, 0]},
        "measurements": {name: significant(value) for name, value in measured.items()},
    }
    return {"type": "Feature", "geometry": geometry, "properties": properties}
