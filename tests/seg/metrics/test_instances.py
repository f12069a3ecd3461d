import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, label
from skimage.segmentation import watershed

from seg.instances import InstanceDecoder
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


def test_identity_is_perfect_whatever_the_numbers():
    truth = strip((0, 10), (20, 30))
    scores = instance_scores(truth * 37, truth)
    assert (scores.ap50, scores.ap, scores.f1, scores.pq) == (1, 1, 1, 1)


def test_cells_are_decoded_from_the_probability_of_their_boundaries():
    probability = np.zeros((40, 60), dtype=np.float32)
    probability[:, 29:31] = 0.9
    cells = InstanceDecoder().decode(probability, threshold=0.5)
    assert set(np.unique(cells)) == {0, 1, 2}
    assert np.array_equal(cells == 0, probability >= 0.5)
    assert len(np.unique(cells[:, :29])) == len(np.unique(cells[:, 31:])) == 1


def test_cells_grow_as_scikit_image_grows_them():
    noise = gaussian_filter(np.random.default_rng(0).random((200, 150)), 6)
    probability = ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)
    seeds, _ = label(probability < 0.3)
    cells = InstanceDecoder(sigma_px=0, seed_probability=0.3, min_size_px=0).decode(probability, threshold=1.1)
    assert np.array_equal(cells, watershed(probability, seeds, connectivity=1))


def test_without_a_seed_there_is_no_cell():
    assert not InstanceDecoder().decode(np.full((9, 9), 0.4, np.float32), threshold=0.5).any()


def test_small_seeds_are_left_out():
    probability = np.full((40, 40), 0.9, dtype=np.float32)
    probability[2:5, 2:5] = 0
    probability[10:30, 10:30] = 0
    decoder = InstanceDecoder(sigma_px=0, seed_probability=0.5, min_size_px=20)
    assert decoder.decode(probability, threshold=0.5).max() == len(np.unique(decoder.decode(probability, 0.5))[1:]) + 1


@pytest.mark.parametrize("values", [(-1, 0.1, 20), (1, 0, 20), (1, 1.1, 20), (1, 0.1, -1)])
def test_a_decoder_out_of_range_is_refused(values):
    with pytest.raises(ValueError, match="got " + ", ".join(map(str, values[:2])) + f" and {values[2]}"):
        InstanceDecoder(*values)
