import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from seg.instances import regions
from service import outlines
from service.outlines import trace

NOISE = np.random.default_rng(0).random((90, 130))
RINGS = np.zeros((90, 130), bool)  # parts in the holes of others
for margin in range(0, 40, 5):
    RINGS[margin : 90 - margin, margin : 130 - margin] = margin % 10 == 0
SHAPES = {
    "everything": np.ones((90, 130), bool),
    "rings": RINGS,
    "pixels": NOISE > 0.5,
    "spots": gaussian_filter(NOISE, 1) > 0.5,
    "land": gaussian_filter(NOISE, 4) > 0.5,
    "a row": np.ones((1, 130), bool),
    "corners that touch": np.indices((90, 130)).sum(axis=0) % 2 == 0,
}


def normal(polygons) -> list:
    """Polygons in an order of their own, with rings that begin at their first corner."""
    return sorted([_begun(rings[0]), sorted(map(_begun, rings[1:]))] for rings in polygons)


def _begun(ring: np.ndarray) -> list:
    corners = ring[:-1].tolist()
    start = corners.index(min(corners))
    return corners[start:] + corners[:start]


@pytest.mark.parametrize("inside", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("band_px", [1, 7, 256])
def test_a_large_cell_has_the_outline_that_it_has_as_a_small_one(monkeypatch, inside, band_px):
    small = normal(trace(inside))
    monkeypatch.setattr(outlines, "LARGE_BOX_PIXELS", 0)
    monkeypatch.setattr(regions, "_BAND_PX", band_px)
    large = [*trace(inside)]
    assert all((ring[0] == ring[-1]).all() for rings in large for ring in rings)
    assert normal(large) == small


def test_a_cell_that_covers_a_large_picture_takes_few_bytes_per_pixel():
    inside = np.ones((2048, 2048), bool)
    tracemalloc.start()
    try:
        (((ring,),), (_, peak)) = [*trace(inside)], tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(ring) == 9
    assert peak / inside.size < 12
