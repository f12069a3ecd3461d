import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seg.data.reading import read_image_file
from seg.metrics.rand import compare_cells, connected_cells, rand_scores, thin


def transcription(truth: np.ndarray, proposal: np.ndarray) -> tuple[float, float]:
    """The formulas of Arganda-Carreras et al. 2015, pixel by pixel and sum by sum."""
    pixels = [(int(i), int(j)) for i, j in zip(truth.ravel(), proposal.ravel(), strict=True) if i > 0]
    n = len(pixels)
    p: dict[tuple[int, int], float] = {}
    for pair in pixels:
        p[pair] = p.get(pair, 0) + 1 / n
    a: dict[int, float] = {}
    b: dict[int, float] = {}
    z = 0.0
    for (i, j), share in p.items():
        a[i] = a.get(i, 0) + share
        if j:
            b[j] = b.get(j, 0) + share
        else:
            z += share
    square_a, square_b = sum(x**2 for x in a.values()), sum(x**2 for x in b.values()) + z / n
    square_ab = sum(x**2 for (_, j), x in p.items() if j) + z / n
    precision, recall = square_ab / square_b, square_ab / square_a
    s_a = sum(x * math.log(x) for x in a.values())
    s_b = sum(x * math.log(x) for x in b.values()) - z * math.log(n)
    s_ab = sum(x * math.log(x) for (_, j), x in p.items() if j) - z * math.log(n)
    h_a, h_b, a_given_b, b_given_a = -s_a, -s_b, s_b - s_ab, s_a - s_ab
    if abs(h_b) < 1e-12:
        info = 1.0 if abs(h_a) < 1e-12 else 0.0
    elif abs(h_a) < 1e-12 or abs(h_a - a_given_b) < 1e-12:
        info = 0.0
    else:
        first, second = (h_a - a_given_b) / h_a, (h_b - b_given_a) / h_b
        info = 2 * first * second / (first + second)
    return 2 * precision * recall / (precision + recall), info


labels = st.integers(0, 10_000).map(lambda seed: np.random.default_rng(seed).integers(0, 5, (9, 11), dtype=np.int32))


@settings(deadline=None, max_examples=100)
@given(labels, labels)
def test_scores_equal_the_transcription_of_the_formulas(truth, proposal):
    scores = compare_cells(truth, proposal)
    assert (scores.v_rand, scores.v_info) == pytest.approx(transcription(truth, proposal), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(labels, st.permutations([1, 2, 3, 4]))
def test_scores_do_not_depend_on_the_numbers_of_the_cells(proposal, names):
    truth = np.random.default_rng(7).integers(0, 4, (9, 11), dtype=np.int32)
    renamed = np.array([0, *names], dtype=np.int32)[proposal]
    first, second = compare_cells(truth, proposal), compare_cells(truth, renamed)
    assert (first.v_rand, first.v_info) == pytest.approx((second.v_rand, second.v_info))
    assert 0 <= first.v_rand <= 1
    assert 0 <= first.v_info <= 1 + 1e-9


def two_cells(width: int = 20) -> np.ndarray:
    """A mask with one membrane down the middle."""
    mask = np.zeros((10, width), dtype=bool)
    mask[:, width // 2] = True
    return mask


def at_half(probability: np.ndarray, mask: np.ndarray):
    (scores,) = rand_scores(probability.astype(np.float32), mask, np.array([0.5], np.float32))
    return scores


def test_the_truth_itself_is_perfect():
    scores = at_half(two_cells(), two_cells())
    assert (scores.v_rand, scores.v_info) == (1, 1)


def test_a_missed_membrane_merges_two_cells():
    scores = at_half(np.zeros((10, 20)), two_cells())
    shares = np.array([100, 90]) / 190  # one proposed cell: precision is the sum of squares, recall 1
    precision = (shares**2).sum()
    assert scores.v_rand == pytest.approx(2 * precision / (1 + precision))
    assert scores.v_info == 0


def test_a_hole_in_the_membrane_merges_but_a_diagonal_gap_does_not():
    open_membrane, diagonal = two_cells(), two_cells()
    open_membrane[5, 10] = False
    diagonal[5, 10], diagonal[5, 11], diagonal[4, 11] = False, True, False
    assert at_half(open_membrane, two_cells()).v_rand < 0.7
    diagonal[:5, 10], diagonal[5:, 10], diagonal[5:, 11] = True, False, True
    assert at_half(diagonal, two_cells()).v_rand > 0.9


def test_all_boundary_is_all_cells_of_one_pixel():
    mask = two_cells()
    n, recall = 190, (1 / 190) / (((100 / 190) ** 2) + (90 / 190) ** 2)
    assert at_half(np.ones((10, 20)), mask).v_rand == pytest.approx(2 * recall / (1 + recall))
    assert n == (~mask).sum()


def test_thick_membranes_are_thinned_to_one_pixel():
    inside = np.ones((12, 30), dtype=bool)
    inside[:, 10:20] = False
    cells = thin(inside)
    assert (cells == 0).sum(axis=1).tolist() == [1] * 12
    assert set(np.unique(cells)) == {0, 1, 2}
    assert np.array_equal(connected_cells(inside) > 0, inside)


def test_a_section_without_cells_is_right_only_where_none_are_proposed():
    full = np.ones((4, 4), dtype=bool)
    assert at_half(np.ones((4, 4)), full).v_rand == 1
    assert at_half(np.zeros((4, 4)), full).v_rand == 0


def test_scores_of_real_sections_equal_the_transcription(real_data):
    section, neighbor = (read_image_file(real_data / "isbi2012" / "masks" / f"{n}.png") for n in (25, 26))
    truth, proposal = (connected_cells(mask[100:260, 100:260] > 0) for mask in (section, neighbor))
    scores = compare_cells(truth, proposal)
    assert (scores.v_rand, scores.v_info) == pytest.approx(transcription(truth, proposal), abs=1e-9)
    assert 0.2 < scores.v_rand < 1
