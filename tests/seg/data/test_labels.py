import numpy as np
import pytest
from skimage.segmentation import find_boundaries

from seg.data.labels import as_labels, boundaries_from_labels


def test_touching_cells_have_a_boundary_on_both_sides():
    labels = np.array([[1, 1, 1, 2, 2, 2]] * 3)
    assert boundaries_from_labels(labels).tolist() == [[False, False, True, True, False, False]] * 3


def test_the_boundary_lies_inside_the_cell_and_not_on_the_background():
    labels = np.zeros((7, 7), dtype=np.uint16)
    labels[1:6, 1:6] = 5
    boundary = boundaries_from_labels(labels)
    assert boundary.sum() == 16
    assert not boundary[2:5, 2:5].any()
    assert not boundary[labels == 0].any()


def test_two_pixels_of_thickness_leave_the_core():
    labels = np.zeros((9, 9), dtype=np.uint16)
    labels[1:8, 1:8] = 1
    boundary = boundaries_from_labels(labels, thickness_px=2)
    assert (labels.astype(bool) & ~boundary).sum() == 9


def test_a_cell_cut_by_the_edge_of_the_picture_is_open_there():
    boundary = boundaries_from_labels(np.array([[1, 1, 0, 0]] * 4))
    assert boundary.tolist() == [[False, True, False, False]] * 4


@pytest.mark.parametrize(
    ("labels", "thickness_px", "rule"),
    [
        (np.zeros((2, 2)), 1, r"labels must be \(H, W\) integers, got float64"),
        (np.zeros((2, 2, 3), dtype=int), 1, r"of shape \(2, 2, 3\)"),
        (np.zeros((2, 2), dtype=int), 0, "thickness_px must be >= 1, got 0"),
    ],
)
def test_unfit_labels_are_refused(labels, thickness_px, rule):
    with pytest.raises(ValueError, match=rule):
        boundaries_from_labels(labels, thickness_px)


def test_labels_keep_their_numbers():
    labels = as_labels(np.array([[0, 70_000]], dtype=np.uint32))
    assert (labels.dtype, labels.tolist()) == (np.int32, [[0, 70_000]])


@pytest.mark.parametrize("value", [-1, 2**31])
def test_labels_that_no_number_of_a_cell_can_be_are_refused(value):
    with pytest.raises(ValueError, match="labels must be from 0 to 2147483647"):
        as_labels(np.array([[0, value]]))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint32])
@pytest.mark.parametrize("shape", [(40, 60), (1, 9), (9, 1), (0, 3)])
def test_boundaries_are_those_of_scikit_image(shape, dtype):
    labels = np.random.default_rng(0).integers(0, 4, shape).astype(dtype).repeat(3, axis=0).repeat(3, axis=1)
    expected = find_boundaries(labels, connectivity=1, mode="inner") if labels.size else labels.astype(bool)
    assert np.array_equal(boundaries_from_labels(labels), expected)
    assert labels.size == 0 or expected.any()
