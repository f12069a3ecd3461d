import numpy as np
import pytest

from seg.data import quantiles
from seg.data.quantiles import quantiles_by_sorting, quantiles_of_counts
from seg.data.scaling import IntensityScaling, scale

SHARES = (0.0, 0.001, 0.05, 1 / 3, 0.5, 0.75, 0.999, 1.0)
SHAPES = [(1, 1), (1, 2), (3, 1), (40, 31), (64, 64, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("kind", "largest"), [(np.uint8, 3), (np.uint8, 255), (np.uint16, 4095), (np.uint16, 65535)])
def test_counted_quantiles_equal_those_of_numpy_to_the_last_bit(shape, kind, largest):
    for seed in range(5):
        image = np.random.default_rng(seed).integers(0, largest, shape, kind, endpoint=True)
        assert np.array_equal(quantiles_of_counts(image, SHARES), np.quantile(image, SHARES))


@pytest.mark.parametrize("shape", SHAPES)
def test_sorted_quantiles_equal_those_of_numpy_to_the_last_bit(shape):
    for seed in range(5):
        image = np.random.default_rng(seed).random(shape, np.float32)
        for values in (image, image.round(1), image[::2], image.astype(np.float64)):
            assert np.array_equal(quantiles_by_sorting(values, SHARES), np.quantile(values, SHARES))


def test_an_image_is_counted_in_strips(monkeypatch):
    image = np.random.default_rng(0).integers(0, 200, (50, 30, 2), np.uint8)
    monkeypatch.setattr(quantiles, "_COUNTED", 250)
    assert np.array_equal(quantiles_of_counts(image[..., 1::2], SHARES), np.quantile(image[..., 1], SHARES))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, ">u2", np.int16, np.uint32, np.float32])
def test_images_are_scaled_as_by_the_percentiles_of_numpy(kind):
    image = np.random.default_rng(0).integers(0, 255, (70, 50, 2)).astype(kind)
    limits = IntensityScaling().limits(image)
    assert limits == tuple(np.percentile(image, [0.1, 99.9]))
    low, high = limits
    expected = ((image.astype(np.float64) - low) / (high - low)).clip(0, 1).astype(np.float32)
    assert np.array_equal(scale(image, limits), expected)
