import numpy as np
import pytest

from seg.data.scaling import IntensityScaling, match_channels, normalize, prepare, scale


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 200, (40, 30), dtype=np.uint8)


def test_percentiles_map_to_zero_and_one_and_the_rest_is_clipped():
    image = np.arange(101, dtype=np.uint8)[None]
    scaled = scale(image, IntensityScaling(10, 90).limits(image))
    assert (scaled[0, 10], scaled[0, 50], scaled[0, 90]) == pytest.approx((0, 0.5, 1))
    assert (scaled[0, 0], scaled[0, 100]) == (0, 1)


@pytest.mark.parametrize(
    "same",
    [
        lambda image: image.astype(np.uint16) * 257,
        lambda image: image.astype(np.uint16) * 16,
        lambda image: image.astype(np.uint32) * 1_000_003,
        lambda image: image.astype(np.float32) / 256,
        lambda image: np.stack([image] * 3, axis=2),
    ],
    ids=["16-bit", "12-in-16", "32-bit", "float", "rgb"],
)
def test_the_input_of_the_network_is_the_same_whatever_the_type_of_the_file(same):
    image = picture()
    expected = prepare(image, IntensityScaling(), 1)
    assert np.abs(prepare(same(image), IntensityScaling(), 1) - expected).max() < 1e-6


def test_an_image_without_contrast_is_finite():
    assert np.array_equal(prepare(np.full((3, 4), 7, np.uint8), IntensityScaling(), 1), np.full((1, 3, 4), -1.0))


@pytest.mark.filterwarnings("error")
def test_few_bright_pixels_above_percentiles_that_are_one_become_1_without_a_warning():
    image = np.zeros((40, 40), np.uint8)
    image[0, 0] = 255
    made = prepare(image, IntensityScaling(5, 95), 1)[0]
    assert made[0, 0] == 1
    assert made.sum() == 2 - image.size


@pytest.mark.parametrize("channels", [1, 3])
def test_the_largest_floating_point_numbers_are_scaled_without_overflow(channels):
    image = np.array([[-1.7e308, 0, 1.7e308, 1.7e308]])
    expected = np.array([-1, 0, 1, 1], np.float32)
    for each in (image, np.stack([image] * 3, axis=2)):
        made = prepare(each, IntensityScaling(0, 100), channels)
        assert np.array_equal(made, np.tile(expected, (channels, 1, 1)))


def test_channels_are_repeated_or_averaged():
    grey, color = picture(), np.stack([picture(1), picture(2), picture(3)], axis=2)
    assert match_channels(grey, 3).shape == (40, 30, 3)
    assert np.array_equal(match_channels(color, 3), color)
    assert np.allclose(match_channels(color, 1)[..., 0], color.mean(axis=2))


def test_the_network_sees_channels_first_in_minus_one_to_one():
    assert normalize(np.array([[[0.0, 0.5, 1.0]]], dtype=np.float32)).tolist() == [[[-1.0]], [[0.0]], [[1.0]]]


@pytest.mark.parametrize(("low", "high"), [(-1, 99), (50, 50), (1, 101)])
def test_percentiles_out_of_order_are_refused(low, high):
    with pytest.raises(ValueError, match=f"got {low} and {high}"):
        IntensityScaling(low, high)
