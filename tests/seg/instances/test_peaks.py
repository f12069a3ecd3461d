import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from skimage.morphology import reconstruction

from seg.instances.peaks import number_peaks

#: Peaks of 5, 4 and 3 with saddles of 3.5 and 2.
RIDGE = np.array([[0, 1, 5, 3.5, 4, 2, 3, 1, 0]], np.float32)


@pytest.mark.parametrize(
    ("depth", "numbers"),
    [
        (0.1, [0, 0, 1, 0, 2, 0, 3, 0, 0]),
        (0.6, [0, 0, 1, 1, 1, 0, 2, 0, 0]),  # 4 is .5 above its saddle
        (1.5, [0, 1, 1, 1, 1, 1, 1, 1, 0]),  # 3 is 1 above its saddle
    ],
)
def test_peaks_are_joined_over_saddles_that_are_not_deep_enough(depth, numbers):
    assert number_peaks(RIDGE, depth)[0].tolist() == numbers


def test_peaks_reach_down_to_their_highest_saddle():
    height = np.array([[0, 2, 4, 6, 3, 5, 4, 3, 2, 0]], np.float32)
    assert number_peaks(height, 1)[0].tolist() == [0, 0, 1, 1, 0, 2, 2, 0, 0, 0]


def test_a_plateau_is_one_peak_and_apart_from_background_nothing_is_one():
    plateau = np.array([[0, 2, 2, 2, 0, 0, 1, 0]], np.float32)
    assert number_peaks(plateau, 0.5)[0].tolist() == [0, 1, 1, 1, 0, 0, 2, 0]
    assert not number_peaks(np.zeros((3, 3), np.float32), 0.5).any()


@pytest.mark.parametrize("seed", range(3))
def test_there_are_as_many_as_h_maxima_by_reconstruction(seed):
    rng = np.random.default_rng(seed)
    centers = rng.integers(5, 95, (25, 2))
    rows, columns = np.mgrid[:100, :100]
    mask = np.any([(rows - y) ** 2 + (columns - x) ** 2 < rng.integers(9, 60) for y, x in centers], axis=0)
    height = gaussian_filter(distance_transform_edt(mask).astype(np.float32), 1)
    height[height < 0.05] = 0
    _, count = label(height - reconstruction(np.maximum(height - 0.5, 0), height) >= 0.5 - 1e-5, np.ones((3, 3)))
    assert number_peaks(height, 0.5).max() == count


@pytest.mark.parametrize("halo", [2, 6, 12])
def test_large_pictures_are_climbed_in_tiles_with_the_same_answer(halo, monkeypatch):
    rng = np.random.default_rng(0)
    height = np.maximum(gaussian_filter(rng.random((90, 40)), 2).astype(np.float32) - 0.45, 0)
    whole = number_peaks(height, 0.01)
    monkeypatch.setattr("seg.instances.labels.TILE_PX", 24)
    monkeypatch.setattr("seg.instances.labels.HALOS_PX", (halo, 24))
    assert whole.max() > 5
    np.testing.assert_array_equal(number_peaks(height, 0.01), whole)


def test_large_pictures_take_little_memory_beside_the_answer():
    height = np.tile(np.hypot(*np.mgrid[-10:10, -10:10]).max() - np.hypot(*np.mgrid[-10:10, -10:10]), (500, 10))
    height = np.where(height > 4, height, 0).astype(np.float32)
    tracemalloc.start()
    peaks = number_peaks(height, 0.5)
    taken = tracemalloc.get_traced_memory()[1] / height.size
    tracemalloc.stop()
    assert peaks.max() == 5000
    assert taken < 10  # bytes per pixel, 4 of them are the answer
