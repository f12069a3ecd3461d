import io

import numpy as np
import pytest
from PIL import Image

from seg.data.reading import read_image
from seg.data.writing import (
    decode_probability,
    encode_image,
    encode_mask,
    encode_probability,
    encode_quickly,
    write_file,
)


@pytest.mark.parametrize("boundary_value", [0, 255])
def test_a_mask_is_written_in_the_polarity_asked_for(boundary_value):
    prediction = np.random.default_rng(0).random((9, 13)) < 0.3
    written = read_image(encode_mask(prediction, boundary_value))
    assert np.array_equal(written == boundary_value, prediction)
    assert set(np.unique(written)) == {0, 255}


def test_a_probability_survives_in_sixteen_bits():
    probability = np.random.default_rng(0).random((9, 13), dtype=np.float32)
    data = encode_probability(probability)
    assert read_image(data).dtype == np.uint16
    assert np.abs(decode_probability(data) - probability).max() <= 1 / 131_070 + 1e-7


@pytest.mark.parametrize("shape", [(1, 1), (3000, 1), (1000, 2), (300, 1, 3), (100, 2, 3), (1, 3000), (700, 900)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_noise_that_cannot_be_compressed_is_written_however_narrow_it_is(shape, kind):
    image = np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape, kind)
    data = encode_quickly(image)
    assert np.array_equal(read_image(data), image)
    assert len(data) < 1.05 * image.nbytes + 2 * len(image) + 200


def test_nan_is_written_as_zero():
    data = encode_probability(np.array([[np.nan, 1.0]], dtype=np.float32))
    assert decode_probability(data).tolist() == [[0, 1]]


def test_an_image_is_written_as_it_is():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(read_image(encode_image(image)), image)


def test_a_file_is_replaced_as_a_whole_and_its_folder_made(tmp_path):
    path = tmp_path / "new" / "file.png"
    write_file(path, b"first")
    write_file(path, b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in path.parent.iterdir()] == ["file.png"]


def test_a_mask_takes_one_bit_per_pixel():
    data = encode_mask(np.zeros((64, 64), dtype=bool), 255)
    assert data[24] == 1
    Image.open(io.BytesIO(data)).verify()  # the checksums
    assert Image.MAX_IMAGE_PIXELS is None or Image.MAX_IMAGE_PIXELS > 64 * 64
