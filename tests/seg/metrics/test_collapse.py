import numpy as np
import pytest
import torch

from benchmarks.collapse import KINDS, verdict
from seg.metrics.collapse import VERDICTS, judge, judge_channel, judge_split
from seg.metrics.evidence import Evidence, area_under_roc, gather
from seg.metrics.image_scores import ImageScores

RNG = np.random.default_rng(0)
MASK = RNG.random((80, 80)) < 0.05
NOISE = RNG.random((80, 80)).astype(np.float32)

ANSWERS = {
    "none": np.where(MASK, 0.7, 0.2) + 0.2 * (NOISE - 0.5),
    "diverged": np.where(NOISE < 0.01, np.nan, NOISE),
    "constant": np.full(MASK.shape, 0.05),
    "black": 0.01 * NOISE,
    "white": 0.9 + 0.05 * NOISE,
    "threshold artefact": np.where(MASK, 0.3, 0.1) + 0.05 * NOISE,
    "uninformative": NOISE,
    "inverted": np.where(MASK, 0.2, 0.9) + 0.1 * NOISE,
}


def evidence(probability: np.ndarray, mask: np.ndarray = MASK) -> Evidence:
    return gather(probability.astype(np.float32), mask)


def finding(*images):
    return judge_split([[evidence(*image)] for image in images])


@pytest.mark.parametrize(("right", "probability"), ANSWERS.items(), ids=ANSWERS)
def test_each_kind_of_collapse_is_recognized(right, probability):
    assert finding((probability,)).verdict == right


@pytest.mark.parametrize("kind", KINDS)
def test_simulated_answers_of_each_kind_get_their_own_verdict(kind):
    rng = np.random.default_rng(7)
    right = KINDS[kind][0]
    assert sum(verdict(kind, rng, 4) == right for _ in range(10)) >= 8


def test_the_area_under_the_curve_counts_pairs_and_halves_ties():
    assert area_under_roc(np.array([3, 1]), np.array([0, 1, 2, 2])) == (4 + 1.5) / 8
    assert np.isnan(area_under_roc(np.array([]), np.array([0])))


def test_many_pixels_are_thinned_evenly():
    values = np.arange(100_000)
    assert area_under_roc(values, values) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("prevalence", [0.05, 0.7])
def test_a_perfect_ranking_that_fills_the_mask_at_half_is_an_artefact(prevalence):
    mask = RNG.random((80, 80)) < prevalence
    assert finding((np.where(mask, 0.9, 0.6), mask)).verdict == "threshold artefact"


def test_a_perfect_ranking_below_a_thousandth_is_an_artefact_not_constant():
    assert finding((np.where(MASK, 9e-4, 1e-4),)).verdict == "threshold artefact"


def test_a_predicted_mask_that_is_full_because_the_image_is_is_right():
    mask = np.ones((80, 80), dtype=bool)
    mask[0, :20] = False
    assert finding((np.where(mask, 0.9, 0.3), mask)).verdict == "none"


def test_one_image_with_nan_decides_the_verdict_of_its_split():
    assert finding((ANSWERS["none"],), (ANSWERS["diverged"],)).verdict == "diverged"


def test_one_image_without_boundary_is_no_collapse_of_a_good_network():
    good = (ANSWERS["none"],)
    assert finding(good, good, (np.full(MASK.shape, 0.01), np.zeros_like(MASK))).verdict == "none"
    assert finding((ANSWERS["black"], np.zeros_like(MASK))).verdict == "none"
    assert judge(evidence(ANSWERS["black"], np.zeros_like(MASK))) == "none"


@pytest.mark.parametrize(("black", "right"), [(1, "none"), (2, "partly collapsed"), (3, "partly collapsed")])
def test_a_network_that_is_black_in_half_of_the_images_has_partly_collapsed(black, right):
    images = [(0.01 * RNG.random((80, 80)),)] * black + [(ANSWERS["none"],)] * (4 - black)
    found = finding(*images)
    assert found.verdict == right
    assert (f"{black} of 4 images are black" in found.reason) == (right != "none")


def test_the_same_answer_to_different_images_is_recognized_and_to_equal_ones_is_right():
    other = np.roll(MASK, 7, axis=0)
    answer = ANSWERS["none"]
    assert finding((answer, MASK), (answer, other)).verdict == "same answer"
    assert finding((answer, MASK), (answer, MASK)).verdict == "none"


def test_a_collapsed_channel_is_told_where_the_boundary_has_not_collapsed():
    good, black = evidence(ANSWERS["none"]), evidence(ANSWERS["black"])
    found = judge_split([[good, black]])
    assert str(found).startswith("collapsed channel: channel 1 is black: a boundary pixel")
    assert judge_split([[black, good]]).verdict == "black"
    assert judge_channel([good]).verdict == "none"


def test_the_evidence_of_every_channel_is_kept_by_the_scores_of_a_validation():
    scores = ImageScores(tolerance_px=2)
    mask = torch.from_numpy(MASK).float()
    for name in ("none", "diverged"):
        channels = [torch.from_numpy(ANSWERS[each].astype(np.float32)) for each in (name, "black")]
        scores.update(torch.stack(channels)[None], torch.stack([mask, mask])[None])
    table = scores.compute()
    assert [judge_channel(channel).verdict for channel in zip(*table.evidence, strict=True)] == ["diverged", "black"]
    assert judge_split(table.evidence[:1]).verdict == "collapsed channel"
    assert table.evidence[0][0].prevalence == pytest.approx(MASK.mean())
    assert torch.isfinite(table.overall["ap"]).all()


def test_the_numbers_of_old_verdicts_in_learning_curves_stay():
    assert VERDICTS[:6] == ("none", "diverged", "constant", "black", "white", "threshold artefact")
