"""Images at the edge of what there is to score: pixels without an answer, a single row, column or pixel."""

import numpy as np
import pytest
import torch

from seg.metrics.boundary import boundary_f1, count_matches
from seg.metrics.image_scores import ImageScores
from seg.metrics.pixel import average_precision, brier, calibration_error, overlap
from seg.metrics.rand import rand_scores
from seg.metrics.sharpness import sharpness
from seg.metrics.suite import Case, score_cases

CUTS = np.array([0.2, 0.5, 0.8], dtype=np.float32)
ZERO = {"brier", "ece", "hd95_px", "betti0_error", "betti1_error", "undecided_share"}


def scene(shape: tuple[int, int] = (24, 24)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    mask = np.zeros(shape, dtype=bool)
    mask[shape[0] // 2, :] = mask[:, shape[1] // 2] = True
    return (0.6 * mask + 0.4 * rng.random(shape)).astype(np.float32), mask


def with_nan_and_with_zero() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probability, mask = scene()
    unknown = np.random.default_rng(1).random(mask.shape) < 0.1
    assert (unknown & mask).any()
    return np.where(unknown, np.float32(np.nan), probability), np.where(unknown, np.float32(0), probability), mask


@pytest.mark.parametrize(
    "score",
    [
        lambda p, m: torch.stack(overlap(torch.from_numpy(p), torch.from_numpy(m), torch.from_numpy(CUTS))),
        lambda p, m: average_precision(torch.from_numpy(p), torch.from_numpy(m)),
        lambda p, m: brier(torch.from_numpy(p), torch.from_numpy(m)),
        lambda p, m: calibration_error(torch.from_numpy(p), torch.from_numpy(m)),
        lambda p, m: boundary_f1(p, m, CUTS, 2.0),
        lambda p, m: count_matches(p, m, CUTS, 2.0),
        lambda p, m: [scores.v_rand for scores in rand_scores(p, m, CUTS)],
        lambda p, m: (sharpness(p, m).sharpness, sharpness(p, m).undecided_share),
    ],
    ids=["overlap", "ap", "brier", "ece", "boundary_f1", "matches", "v_rand", "sharpness"],
)
def test_a_pixel_without_an_answer_is_not_predicted_by_any_metric(score):
    unknown, zero, mask = with_nan_and_with_zero()
    assert np.array_equal(score(unknown, mask), score(zero, mask))


def test_a_pixel_without_an_answer_is_not_predicted_in_tests_and_validations():
    unknown, zero, mask = with_nan_and_with_zero()
    assert score_cases([Case("a", unknown, mask)], 0.5, 2.0) == score_cases([Case("a", zero, mask)], 0.5, 2.0)
    validations = []
    for probability in (unknown, zero):
        scores = ImageScores(tolerance_px=2.0, rank_by="v_rand")
        scores.update(torch.from_numpy(probability)[None, None], torch.from_numpy(mask)[None, None].float())
        validations.append(scores.compute().at(0.5))
    assert validations[0] == validations[1]


SMALL = [(1, 40), (40, 1), (1, 2), (2, 1), (1, 1), (2, 2)]


@pytest.mark.parametrize("shape", SMALL)
@pytest.mark.parametrize("empty", [False, True], ids=["boundary", "none"])
def test_a_row_a_column_and_a_pixel_score_one_where_they_are_right(shape, empty):
    mask = np.zeros(shape, dtype=bool)
    mask.ravel()[mask.size // 2] = not empty
    cells = np.where(mask, 0, 1).astype(np.int32)
    scores = score_cases([Case("a", mask.astype(np.float32), mask, cells, cells)], 0.5, 2.0)
    for name, values in scores.metrics.items():
        assert values == pytest.approx([0 if name in ZERO else 1], abs=1e-6), name
    assert scores.optimistic == pytest.approx(dict.fromkeys(scores.optimistic, 1))


@pytest.mark.parametrize("shape", SMALL)
@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_row_a_column_and_a_pixel_have_finite_scores_where_they_are_wrong(shape, value):
    mask = np.zeros(shape, dtype=bool)
    mask.ravel()[::2] = True
    scores = score_cases([Case("a", np.full(shape, value, np.float32), mask)], 0.5, 2.0)
    assert np.isfinite([values[0] for values in scores.metrics.values()]).all()
    assert np.isfinite(list(scores.optimistic.values())).all()


def test_the_slope_of_a_row_is_that_along_it():
    mask = np.array([[False] * 4 + [True] * 4])
    half = (mask * 0.5 + 0.25).astype(np.float32)
    assert sharpness(half, mask).sharpness == sharpness(half.T, mask.T).sharpness == pytest.approx(0.5)
