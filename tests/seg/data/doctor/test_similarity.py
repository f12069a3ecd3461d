import numpy as np
import pytest

from seg.data.doctor.similarity import Spectra, correlation, features_of

RNG = np.random.default_rng(0)
TEXTURE = RNG.integers(0, 255, (64, 64)).astype(np.float32)


def alike(first: np.ndarray, second: np.ndarray) -> float:
    return Spectra(features_of([first, second])).similarity(0, 1)


def test_a_picture_is_like_itself_and_its_parts_and_unlike_another():
    assert alike(TEXTURE, TEXTURE) == pytest.approx(1)
    assert alike(TEXTURE, 3 * TEXTURE[10:60, 5:50] + 7) > 0.9
    assert alike(TEXTURE, RNG.integers(0, 255, (64, 64))) < 0.3


def test_an_overlap_that_is_small_or_rests_on_one_spot_says_nothing():
    wide = RNG.integers(0, 255, (64, 110))
    assert alike(wide[:, :64], wide[:, 20:84]) > 0.9
    assert alike(wide[:, :64], wide[:, 46:]) < 0.3
    first, second = np.zeros((64, 64)), np.zeros((64, 64))
    first[20, 20] = second[30, 25] = 255
    assert alike(first, second) == alike(np.zeros((64, 64)), TEXTURE) == 0


def test_colors_types_and_sizes_do_not_matter():
    colors = np.repeat(TEXTURE[..., None], 3, axis=2).astype(np.uint16)
    assert alike(TEXTURE, colors) > 0.99
    features = features_of([np.zeros((640, 320)), np.zeros((64, 8), np.uint8)])
    assert [feature.shape for feature in features] == [(106, 53), (10, 1)]


def test_the_correlation_of_a_constant_is_zero():
    assert correlation(np.ones((3, 3)), TEXTURE[:3, :3]) == 0
    assert correlation(TEXTURE, -TEXTURE) == pytest.approx(-1)
