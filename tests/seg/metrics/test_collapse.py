import numpy as np
import pytest
import torch

from seg.metrics.collapse import gather, judge, summarize
from seg.metrics.image_scores import ImageScores
from seg.metrics.pixel import average_precision

RNG = np.random.default_rng(0)
MASK = RNG.random((80, 80)) < 0.05
NOISE = RNG.random((80, 80)).astype(np.float32)

ANSWERS = {
    "none": np.where(MASK, 0.7, 0.2) + 0.2 * (NOISE - 0.5),
    "nan": np.where(NOISE < 0.01, np.nan, NOISE),
    "constant": np.full(MASK.shape, 0.05),
    "black": np.where(MASK, 0.0, 0.01) * NOISE,
    "white": 0.9 + 0.05 * NOISE,
    "threshold artefact": np.where(MASK, 0.3, 0.1) + 0.05 * NOISE,
}


def evidence(probability: np.ndarray, mask: np.ndarray = MASK):
    probability = probability.astype(np.float32)
    ap = average_precision(torch.from_numpy(np.nan_to_num(probability)), torch.from_numpy(mask)).item()
    return gather(probability, mask, ap)


@pytest.mark.parametrize(("verdict", "probability"), ANSWERS.items(), ids=ANSWERS)
def test_each_kind_of_collapse_is_recognized(verdict, probability):
    assert judge(evidence(probability)) == verdict


def test_a_good_ranking_that_fills_the_mask_at_half_is_an_artefact_too():
    assert judge(evidence(np.where(MASK, 0.9, 0.6) + 0.05 * NOISE)) == "threshold artefact"


def test_one_image_with_nan_decides_the_verdict_of_its_split():
    assert judge(summarize([evidence(ANSWERS["none"]), evidence(ANSWERS["nan"])])) == "nan"


def test_one_image_without_boundary_is_no_collapse_of_a_good_network():
    good = evidence(ANSWERS["none"])
    nothing = evidence(np.full(MASK.shape, 0.01), np.zeros_like(MASK))
    assert judge(summarize([good, good, nothing])) == "none"


def test_the_evidence_is_kept_by_the_scores_of_a_validation():
    scores = ImageScores(tolerance_px=2)
    for verdict in ("none", "nan"):
        probability = torch.from_numpy(ANSWERS[verdict].astype(np.float32))
        scores.update(probability[None, None], torch.from_numpy(MASK)[None, None].float())
    table = scores.compute()
    assert [judge(image) for image in table.evidence] == ["none", "nan"]
    assert table.evidence[0].prevalence == pytest.approx(MASK.mean())
    assert torch.isfinite(table.overall["ap"]).all()
