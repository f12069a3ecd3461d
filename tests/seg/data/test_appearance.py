import numpy as np
import pytest

from seg.data.appearance import KIND_OF, KINDS, describe

SIZE = len(KIND_OF)


def kind(look, name: str) -> np.ndarray:
    return look[np.array(KIND_OF) == name]


def noise(side: int, sigma: float = 0.1) -> np.ndarray:
    return np.random.default_rng(0).normal(0.5, sigma, (side, side, 1)).clip(0, 1).astype(np.float32)


def test_each_channel_has_numbers_of_every_kind():
    image = np.concatenate([noise(64), 1 - noise(64), noise(64)], axis=2)
    look = describe(image)
    assert look.shape == (3 * SIZE,)
    assert np.array_equal(look[:SIZE], look[2 * SIZE :], equal_nan=True)
    assert set(KIND_OF) == set(KINDS)


def test_intensity_is_the_quantiles():
    ramp = np.tile(np.linspace(0, 1, 201, dtype=np.float32)[:, None, None], (1, 32, 1))
    assert kind(describe(ramp), "intensity") == pytest.approx([0.05, 0.25, 0.5, 0.75, 0.95], abs=0.01)


def test_white_noise_has_a_known_contrast_that_halves_from_octave_to_octave():
    contrast = kind(describe(noise(512)), "detail")
    assert contrast[0] == pytest.approx(np.log2(0.1 * np.sqrt(1 + 1 / 4)), abs=0.02)  # a pixel less the mean of four
    assert np.diff(contrast[:3]) == pytest.approx([-1, -1], abs=0.05)


def test_texture_tells_gaussian_from_sparse_and_light_lines_from_dark_ones():
    texture = kind(describe(noise(512)), "texture")
    assert texture[0] == pytest.approx(np.sqrt(2 / np.pi), abs=0.01)
    assert texture[5] == pytest.approx(0, abs=0.02)
    lines = np.zeros((64, 64, 1), np.float32)
    lines[::8] = 1
    light, dark = (kind(describe(image), "texture") for image in (lines, 1 - lines))
    assert light[0] == pytest.approx(1 / np.sqrt(3), abs=0.02)  # deviations 1/2, and -1/4 on both sides
    assert light[5] == pytest.approx(-dark[5])
    assert light[5] == pytest.approx(1 / 3, abs=0.04)


def test_what_an_image_is_too_small_for_is_not_a_number():
    look = describe(noise(20))
    assert np.isfinite(kind(look, "detail")).tolist() == [True, True, False, False, False]
    assert np.isfinite(kind(describe(np.zeros((1, 1, 1), np.float32)), "intensity")).all()
