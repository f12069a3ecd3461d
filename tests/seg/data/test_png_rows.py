"""Unpacking the rows of a PNG changes nothing but the time."""

import io
import random

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from seg.data import png
from seg.data.image_error import ImageError
from seg.data.png_chunks import list_chunks
from seg.data.png_rows import store_rows
from seg.data.reading import read_image
from tests.seg.data.test_reading import GREY, KEPT, REFUSED, pillow

PNGS = {
    name: data for name, (data, _) in {**KEPT, **REFUSED}.items() if data.startswith(b"\x89PNG") and name != "animation"
}


def outcome(data: bytes) -> object:
    try:
        image = read_image(data)
    except ImageError as error:
        return error.code
    return image.dtype, image.shape, image.tobytes()


@pytest.fixture
def outcomes(monkeypatch):
    """What a file is read as, with its rows unpacked and as it is."""

    def read(data: bytes) -> list[object]:
        fast = outcome(data)
        with monkeypatch.context() as patch:
            patch.setattr(png, "store_rows", lambda _: None)
            return [fast, outcome(data)]

    return read


@pytest.mark.parametrize("data", PNGS.values(), ids=PNGS)
def test_every_png_is_read_or_refused_as_without(outcomes, data):
    fast, plain = outcomes(data)
    assert fast == plain


def test_damaged_files_are_read_or_refused_as_without(outcomes):
    data, random_ = pillow(GREY), random.Random(0)
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(random_.choice((1, 2, 8))):
            changed[random_.randrange(8, len(changed))] = random_.randrange(256)
        fast, plain = outcomes(bytes(changed))
        assert fast == plain


def test_an_ordinary_file_is_unpacked_and_a_large_or_odd_one_is_left_to_the_decoder():
    data = pillow(GREY)
    stored = store_rows(data)
    assert stored is not None
    assert np.array_equal(imagecodecs.png_decode(stored), GREY)
    assert [chunk.kind for chunk in list_chunks(stored)] == [b"IHDR", b"IDAT", b"IEND"]
    assert store_rows(pillow(np.zeros((1025, 1024), np.uint8))) is None
    stream = io.BytesIO()
    Image.fromarray(GREY).save(stream, "PNG", compress_level=0)
    spoiled = bytearray(stream.getvalue())
    spoiled[60] ^= 1  # a wrong sum
    assert store_rows(bytes(spoiled)) is None
