import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from seg.instances.regions import Contacts, connected_regions, distance_to_edge, drop_small, fill_holes


def test_regions_touch_by_their_sides_not_by_their_corners():
    mask = np.array([[1, 0], [0, 1]], bool)
    assert connected_regions(mask).tolist() == [[1, 0], [0, 2]]


def test_small_labels_are_dropped_and_the_others_renumbered():
    labels = np.array([[0, 3, 5, 5], [0, 0, 5, 9], [9, 9, 9, 9]], np.int32)
    assert drop_small(labels, 2).tolist() == [[0, 0, 1, 1], [0, 0, 1, 2], [2, 2, 2, 2]]


def test_contacts_count_the_sides_and_take_the_higher_pixel():
    labels = np.array([[1, 2], [1, 2], [3, 3]], np.int32)
    heights = np.array([[0.1, 0.4], [0.2, 0.1], [0.9, 0.0]], np.float32)
    contacts = Contacts(labels, heights)
    found = list(zip(contacts.first, contacts.second, contacts.lengths, contacts.totals.round(6), strict=True))
    assert found == [(1, 2, 2, 0.6), (1, 3, 1, 0.9), (2, 3, 1, 0.1)]


def test_a_hole_inside_one_cell_is_filled():
    labels = np.ones((5, 5), np.int32)
    labels[2, 2] = 0
    assert (fill_holes(labels.copy()) == 1).all()


def test_background_between_two_cells_or_at_the_edge_is_no_hole():
    between = np.array([[1, 1, 1, 2, 2], [1, 1, 0, 2, 2], [1, 1, 1, 2, 2]], np.int32)
    at_edge = np.array([[1, 0, 1], [1, 1, 1]], np.int32)
    assert np.array_equal(fill_holes(between.copy()), between)
    assert np.array_equal(fill_holes(at_edge.copy()), at_edge)


def test_pictures_without_cells_or_background_stay_as_they_are():
    for value in (0, 1):
        labels = np.full((4, 4), value, np.int32)
        assert np.array_equal(fill_holes(labels.copy()), labels)


def test_contacts_of_tall_pictures_are_those_of_all_neighbors():
    rng = np.random.default_rng(0)
    labels, heights = rng.integers(0, 4, (530, 6), np.int32), rng.random((530, 6), np.float32)
    contacts = Contacts(labels, heights)
    both = labels[:, :-1], labels[:, 1:]
    below = labels[:-1], labels[1:]
    one, two = (np.concatenate([parts[side].ravel() for parts in (both, below)]) for side in (0, 1))
    higher = np.concatenate(
        [np.maximum(heights[:, :-1], heights[:, 1:]).ravel(), np.maximum(heights[:-1], heights[1:]).ravel()]
    )
    columns = contacts.first, contacts.second, contacts.lengths, contacts.totals, contacts.lowest
    for first, second, length, total, lowest in zip(*columns, strict=True):
        expected = higher[((one == first) & (two == second)) | ((one == second) & (two == first))]
        assert (length, lowest) == (len(expected), expected.min())
        assert total == pytest.approx(expected.sum(dtype=np.float64))
    assert len(contacts.first) == 6


def test_the_distance_to_the_edge_is_that_to_the_nearest_pixel_outside():
    mask = np.random.default_rng(0).random((300, 40)) < 0.9
    np.testing.assert_allclose(distance_to_edge(mask), distance_transform_edt(mask), rtol=1e-6)


def test_a_mask_without_an_outside_has_a_finite_distance():
    assert distance_to_edge(np.ones((3, 4), np.bool_)).tolist() == [[5.0] * 4] * 3


def test_distances_may_be_longer_than_a_side():
    mask = np.ones((30, 40), np.bool_)
    mask[0, 0] = False
    assert np.array_equal(distance_to_edge(mask), distance_transform_edt(mask).astype(np.float32))
