"""What an answer takes beside the engine, in every format."""

import tracemalloc

import numpy as np
import pytest

from seg.instances import labels
from seg.instances.watershed import WatershedDecoder
from service.answer import answer
from service.formats import FORMATS
from service.query import Query
from service.served_model import ServedModel
from tests.service.world import Brightness, png_of

SIDE, CELL = 1024, 32


class Cells(Brightness):
    """Its cells come from the decoder that is used by default."""

    def decode(self, probabilities, image, decoder=None):
        return WatershedDecoder().decode(probabilities)


@pytest.fixture
def small_tiles(monkeypatch):
    """As small beside this picture as they are beside the largest one."""
    monkeypatch.setattr(labels, "TILE_PX", 96)
    monkeypatch.setattr(labels, "HALOS_PX", (8, 32))


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_takes_more_than_twenty_bytes_per_pixel(small_tiles, name):
    grid = np.zeros((SIDE, SIDE), np.uint8)
    grid[::CELL] = grid[:, ::CELL] = 255
    body, model, query = png_of(grid), ServedModel("septum:one", Cells(), "torch"), Query(format=FORMATS[name])
    answer(model, query, png_of(grid[:64, :64]), SIDE**2, lambda: None)  # what is loaded once
    tracemalloc.start()
    try:
        found = answer(model, query, body, SIDE**2, lambda: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.body) > 0
    assert (peak - len(found.body)) / SIDE**2 < 20
