"""Topology, surface, sharpness, boundary IoU and one-to-one matching, against independent transcriptions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from skimage.morphology import skeletonize

from seg.data.reading import read_image_file
from seg.metrics.boundary import boundary_iou, count_matches, dataset_and_image_scale
from seg.metrics.sharpness import sharpness
from seg.metrics.surface import surface_scores
from seg.metrics.topology import betti_errors, cl_dice

HALF = np.array([0.5], dtype=np.float32)
masks = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).random((14, 17)) < 0.25)


def line(column: int = 10, size: int = 24) -> np.ndarray:
    mask = np.zeros((size, size), dtype=bool)
    mask[:, column] = True
    return mask


def empty(size: int = 24) -> np.ndarray:
    return np.zeros((size, size), dtype=bool)


def contour_points(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, 1)
    neighbors = [np.roll(padded, step, axis) for axis in (0, 1) for step in (-1, 1)]
    return np.argwhere(mask & ~np.logical_and.reduce(neighbors)[1:-1, 1:-1])


@settings(deadline=None, max_examples=50)
@given(masks, masks)
def test_surface_scores_equal_all_distances_written_out(prediction, mask):
    distances = cdist(contour_points(prediction), contour_points(mask))
    there, back = distances.min(axis=1), distances.min(axis=0)
    scores = surface_scores(prediction, mask, tolerance_px=1)
    assert scores.hd95_px == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)))
    assert scores.surface_dice == pytest.approx(((there <= 1).sum() + (back <= 1).sum()) / (len(there) + len(back)))


def test_a_line_shifted_by_three_pixels_is_three_pixels_away():
    scores = surface_scores(line(13), line(10), tolerance_px=2)
    assert (scores.hd95_px, scores.surface_dice) == (3, 0)


def test_a_missed_prediction_counts_as_the_diagonal_and_is_never_dropped():
    for prediction, mask in ((empty(), line()), (line(), empty())):
        scores = surface_scores(prediction, mask, tolerance_px=2)
        assert (scores.hd95_px, scores.surface_dice) == (pytest.approx(24 * 2**0.5), 0)
        assert cl_dice(prediction, mask) == boundary_iou(prediction, mask, 2) == 0
    both = surface_scores(empty(), empty(), tolerance_px=2)
    assert (both.hd95_px, both.surface_dice) == (0, 1)
    assert cl_dice(empty(), empty()) == boundary_iou(empty(), empty(), 2) == 1


@settings(deadline=None, max_examples=50)
@given(masks, masks)
def test_cl_dice_equals_the_definition_and_is_one_on_identity(prediction, mask):
    precision = (skeletonize(prediction) & mask).sum() / skeletonize(prediction).sum()
    sensitivity = (skeletonize(mask) & prediction).sum() / skeletonize(mask).sum()
    expected = 2 * precision * sensitivity / max(precision + sensitivity, 1e-12)
    assert cl_dice(prediction, mask) == pytest.approx(expected)
    assert cl_dice(mask, prediction) == pytest.approx(expected)
    assert cl_dice(mask, mask) == 1


@settings(deadline=None, max_examples=50)
@given(masks)
def test_holes_are_the_enclosed_parts_of_the_background(mask):
    errors = betti_errors(mask, np.zeros_like(mask))
    assert errors.betti0_error == label(mask, np.ones((3, 3)))[1]
    assert errors.betti1_error == label(np.pad(~mask, 1, constant_values=True))[1] - 1


def test_a_broken_ring_has_lost_its_hole_and_no_piece():
    ring = empty()
    ring[5:15, 5:15] = True
    ring[7:13, 7:13] = False
    broken = ring.copy()
    broken[9, :8] = False
    assert (betti_errors(broken, ring).betti0_error, betti_errors(broken, ring).betti1_error) == (0, 1)


def test_boundary_iou_compares_bands_and_not_the_inside():
    block, larger = empty(), empty()
    block[4:20, 4:20], larger[3:21, 3:21] = True, True
    bands = 16**2 - 14**2, 18**2 - 16**2
    assert boundary_iou(larger, block, 1) == 0  # bands of one pixel next to each other
    assert boundary_iou(block, block, 3) == 1
    shared = 16**2 - 14**2
    assert boundary_iou(larger, block, 2) == pytest.approx(shared / ((18**2 - 14**2) + (16**2 - 12**2) - shared))
    assert bands == (60, 68)


@settings(deadline=None, max_examples=30)
@given(masks, masks, st.sampled_from([0.0, 1.0, 1.5, 2.3]))
def test_the_matching_is_the_largest_one(prediction, mask, tolerance_px):
    predicted, true = np.argwhere(skeletonize(prediction)), np.argwhere(skeletonize(mask))
    near = cdist(predicted, true) <= tolerance_px
    largest = near[linear_sum_assignment(near, maximize=True)].sum()
    counts = count_matches(prediction.astype(np.float32), mask, HALF, tolerance_px)[0]
    assert counts.tolist() == [largest, len(predicted), len(true)]


def test_equal_predictions_at_two_thresholds_are_counted_alike():
    probability = line().astype(np.float32) * np.float32(0.6)
    probability[:12] /= 2
    counts = count_matches(probability, line(), np.array([0.1, 0.2, 0.5, 0.9], np.float32), 2)
    assert counts.tolist() == [[24, 24, 24], [24, 24, 24], [12, 12, 24], [0, 0, 24]]


def test_a_doubled_line_is_matched_only_once():
    doubled = line(8) | line(12)
    matched, predicted, true = count_matches(doubled.astype(np.float32), line(10), HALF, 2)[0]
    assert (matched, predicted, true) == (24, 48, 24)
    assert count_matches(empty().astype(np.float32), line(), HALF, 2)[0].tolist() == [0, 0, 24]


def test_ods_shares_a_threshold_and_ois_gives_each_image_its_own():
    counts = np.array([[[10, 10, 10], [5, 10, 10]], [[5, 10, 10], [10, 10, 10]]])
    ods, ois = dataset_and_image_scale(counts)
    assert (ods, ois) == (0.75, 1)
    assert dataset_and_image_scale(np.zeros((1, 2, 3), dtype=np.int64)) == (1, 1)


def test_the_mask_itself_is_sharp_and_grey_is_not():
    block = empty()
    block[:, 12:] = True
    assert sharpness(block.astype(np.float32), block).sharpness == pytest.approx(1)
    half = sharpness(block * np.float32(0.5) + np.float32(0.25), block)
    assert (half.sharpness, half.undecided_share) == (pytest.approx(0.5), 1)
    ramp = np.clip((np.arange(24) - 7.5) / 8, 0, 1).astype(np.float32)[None].repeat(24, axis=0)
    assert sharpness(ramp, block).sharpness == pytest.approx((1 / 8) / (1 / 2))
    assert sharpness(ramp, empty()).sharpness == 1


def test_scores_of_real_masks_equal_the_definitions(real_data):
    section, neighbor = (
        read_image_file(real_data / "isbi2012" / "masks" / f"{n}.png")[100:180, 100:180] == 0 for n in (25, 26)
    )
    distances = cdist(contour_points(neighbor), contour_points(section))
    expected = max(np.percentile(distances.min(axis=1), 95), np.percentile(distances.min(axis=0), 95))
    assert surface_scores(neighbor, section, tolerance_px=2).hd95_px == pytest.approx(expected)
    predicted, true = np.argwhere(skeletonize(neighbor)), np.argwhere(skeletonize(section))
    near = cdist(predicted, true) <= 2
    rows, columns = linear_sum_assignment(near, maximize=True)
    matched = count_matches(neighbor.astype(np.float32), section, HALF, 2)[0][0]
    assert matched == near[rows, columns].sum()
    assert betti_errors(section, neighbor) == betti_errors(neighbor, section)
    assert cl_dice(section, neighbor) == pytest.approx(cl_dice(neighbor, section))
