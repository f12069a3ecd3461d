"""Organelles of synthetic cells that look like membrane: mitochondria and vesicles."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Field = NDArray[np.float64]


def draw_organelles(rng: Generator, light: Field, depth: Field, half_width: float, cell_diameter_px: float) -> Field:
    """Return the image with organelles drawn into the cells, away from the boundaries.

    Args:
        rng: draws number, position and shape.
        light: (H, W), 0 to 1.
        depth: (H, W) distance to the nearest boundary, in pixels.
        half_width: of the boundary, in pixels.
        cell_diameter_px: typical diameter of a cell.
    """
    picture = light.copy()
    cells = depth.size / cell_diameter_px**2
    for _ in range(rng.poisson(0.7 * cells)):
        _draw_mitochondrion(rng, picture, depth - half_width, cell_diameter_px)
    for _ in range(rng.poisson(3.0 * cells)):
        _draw_vesicle(rng, picture, depth - half_width, cell_diameter_px)
    return picture


def _draw_mitochondrion(rng: Generator, picture: Field, clearance: Field, cell_diameter_px: float) -> None:
    """A grey ellipse with a dark rim and stripes (cristae)."""
    long = cell_diameter_px * rng.uniform(0.12, 0.26)
    short = long * rng.uniform(0.45, 0.8)
    place = _place(rng, clearance, long + 2)
    if place is None:
        return
    window, along, across = _local_frame(rng, place, long + 4, picture.shape)
    radius = np.hypot(along / long, across / short)
    inside = 1 / (1 + np.exp((radius - 1) * short))
    rim = np.exp(-(((radius - 1) * short / 0.9) ** 2))
    stripes = 0.5 + 0.5 * np.sin(along * 2 * np.pi / max(3.5, short / 1.6) + rng.uniform(0, 6))
    dark = inside * (0.16 + 0.16 * stripes) + rim * rng.uniform(0.28, 0.45)
    picture[window] -= dark.clip(0, 0.5)


def _draw_vesicle(rng: Generator, picture: Field, clearance: Field, cell_diameter_px: float) -> None:
    """A small ring, or a dark granule."""
    radius_px = rng.uniform(1.3, max(2.0, 0.06 * cell_diameter_px))
    place = _place(rng, clearance, radius_px + 1)
    if place is None:
        return
    window, along, across = _local_frame(rng, place, radius_px + 4, picture.shape)
    distance = np.hypot(along, across)
    granule = rng.random() < 0.35
    shape = 1 / (1 + np.exp((distance - radius_px) * 2)) if granule else np.exp(-((distance - radius_px) ** 2))
    picture[window] -= shape * rng.uniform(0.15, 0.42)


def _place(rng: Generator, clearance: Field, radius_px: float) -> tuple[int, int] | None:
    """Return a pixel at least `radius_px` from any boundary, or None if eight draws find none."""
    for _ in range(8):
        row, column = rng.integers(clearance.shape[0]), rng.integers(clearance.shape[1])
        if clearance[row, column] > radius_px:
            return int(row), int(column)
    return None


def _local_frame(
    rng: Generator, place: tuple[int, int], reach_px: float, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], Field, Field]:
    """Return a window around the place and each of its pixels' coordinates along and across a random axis."""
    reach = int(np.ceil(reach_px))
    rows, columns = (
        slice(max(0, center - reach), min(size, center + reach + 1)) for center, size in zip(place, shape, strict=True)
    )
    y, x = np.mgrid[rows, columns].astype(np.float64) - np.array(place, dtype=np.float64)[:, None, None]
    angle = rng.uniform(0, np.pi)
    return (rows, columns), x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
