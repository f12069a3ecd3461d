"""Labels that are exchanged tile by tile are those of the whole picture."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter

from seg.instances import labels as module
from seg.instances.labels import UNDECIDED, inner_sides, rewrite_in_tiles


@pytest.fixture
def tiles(monkeypatch):
    monkeypatch.setattr(module, "TILE_PX", 8)
    monkeypatch.setattr(module, "HALOS_PX", (2, 3))


def highest_within_3_px(box, before, mark):
    """The filter, which the first surroundings, of 2 px, leave undecided."""
    return np.full_like(before, UNDECIDED) if mark else maximum_filter(before, 7, mode="constant")


@pytest.mark.parametrize("shape", [(31, 45), (8, 40), (40, 1), (15, 9), (14, 14), (1, 1), (0, 5)])
def test_each_tile_sees_the_labels_around_it_as_they_were(tiles, shape):
    labels = np.random.default_rng(0).integers(0, 1000, shape, np.int32)
    whole = maximum_filter(labels, 7, mode="constant") if labels.size else labels.copy()
    changed = rewrite_in_tiles(labels, highest_within_3_px)
    assert changed is labels
    assert np.array_equal(changed, whole)


def test_what_is_further_away_is_not_seen(tiles):
    labels = np.zeros((40, 40), np.int32)
    labels[20, 20] = 1
    changed = rewrite_in_tiles(labels, lambda box, before, mark: maximum_filter(before, 41, mode="constant"))
    assert not changed[:14].any()
    assert changed[16:24, 16:24].all()


def test_boxes_are_the_places_of_what_is_given(tiles):
    place = np.arange(33 * 29, dtype=np.int32).reshape(33, 29)

    def check(box, before, mark):
        assert np.array_equal(before, place[box])
        assert before.size <= 14 * 14
        return before

    assert np.array_equal(rewrite_in_tiles(place.copy(), check), place)


def test_more_of_the_picture_is_asked_for_only_where_a_label_is_undecided(tiles):
    asked = []

    def change(box, before, mark):
        asked.append(before.size)
        undecided = mark and box[0].start == 0 and box[1].start == 0
        return np.full_like(before, UNDECIDED if undecided else 7)

    assert (rewrite_in_tiles(np.zeros((16, 16), np.int32), change) == 7).all()
    assert asked == [10 * 10, 11 * 11, 10 * 10, 10 * 10, 10 * 10]


def test_inner_sides_are_those_beside_which_the_picture_goes_on():
    assert not inner_sides(np.s_[0:4, 0:5], (4, 5)).any()
    assert inner_sides(np.s_[1:4, 0:3], (4, 5)).tolist() == [[True] * 3, [False, False, True], [False, False, True]]
