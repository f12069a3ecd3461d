import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seg.metrics.instance import CUTS, instance_scores

labels = st.integers(0, 10_000).map(
    lambda seed: np.kron(np.random.default_rng(seed).integers(0, 4, (3, 4)), np.ones((4, 4), dtype=np.int32))
)


def strip(*cells: tuple[int, int]) -> np.ndarray:
    """Cells as (start, stop) columns of a picture of 1 x 100 pixels."""
    picture = np.zeros((1, 100), dtype=np.int32)
    for number, (start, stop) in enumerate(cells, 1):
        picture[:, start:stop] = number
    return picture


def transcription(proposal: np.ndarray, truth: np.ndarray, cut: float) -> tuple[int, float]:
    """Above an IoU of 0.5 no cell can match two: every pair that reaches the cut is a hit."""
    hits, total = 0, 0.0
    for i in set(proposal.ravel()) - {0}:
        for j in set(truth.ravel()) - {0}:
            iou = ((proposal == i) & (truth == j)).sum() / ((proposal == i) | (truth == j)).sum()
            hits, total = hits + (iou >= cut), total + iou * (iou >= cut)
    return hits, total


@settings(deadline=None, max_examples=60)
@given(labels, labels)
def test_scores_equal_the_transcription(proposal, truth):
    proposed, true = (len(set(picture.ravel()) - {0}) for picture in (proposal, truth))
    scores = instance_scores(proposal, truth)
    hits = [transcription(proposal, truth, cut)[0] for cut in CUTS[1:]]
    if proposed + true:
        accuracies = [scores.ap50, *(hit / (proposed + true - hit) for hit in hits)]
        assert scores.ap == pytest.approx(np.mean(accuracies))


def test_hits_misses_and_inventions_are_worked_by_hand():
    truth = strip((0, 10), (20, 30), (40, 50))
    proposal = strip((0, 10), (20, 28), (60, 70), (80, 90))  # IoU 1, 0.8, and two inventions
    scores = instance_scores(proposal, truth)
    assert scores.ap50 == pytest.approx(2 / (2 + 2 + 1))
    assert scores.f1 == pytest.approx(2 / (2 + 1 + 0.5))
    assert scores.pq == pytest.approx((1 + 0.8) / (2 + 1 + 0.5))
    assert scores.ap == pytest.approx((7 * 2 / 5 + 3 * 1 / 6) / 10)  # 0.8 reaches 0.5 to 0.8


def test_a_cell_is_matched_once_also_at_exactly_one_half():
    scores = instance_scores(strip((0, 10), (10, 20)), strip((0, 20)))
    assert (scores.ap50, scores.f1) == (pytest.approx(1 / 2), pytest.approx(2 / 3))


def test_panoptic_quality_needs_more_than_half_and_the_other_scores_half():
    halved, more = strip((0, 10)), strip((0, 11))
    truth = strip((0, 20))
    assert (instance_scores(halved, truth).pq, instance_scores(more, truth).pq) == (0, pytest.approx(11 / 20))
    assert instance_scores(halved, truth).ap50 == instance_scores(halved, truth).f1 == 1


def test_nothing_against_nothing_is_perfect_and_against_something_zero():
    nothing, something = strip(), strip((0, 10))
    assert instance_scores(nothing, nothing).pq == 1
    assert instance_scores(nothing, something).ap50 == instance_scores(something, nothing).ap == 0


@pytest.mark.parametrize("factor", [1, 37, 1_000_000_007])
def test_identity_is_perfect_whatever_the_numbers(factor):
    truth = strip((0, 10), (20, 30))
    scores = instance_scores(truth.astype(np.int64) * factor, truth)
    assert (scores.ap50, scores.ap, scores.f1, scores.pq) == (1, 1, 1, 1)
