import math

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_calibration_error

from seg.data.synthetic import SyntheticCells
from seg.metrics.pixel import calibration_error
from seg.metrics.suite import Case, score_cases

CELLS = SyntheticCells(count=2, size_px=96, cell_diameter_px=30)


def case(sample, probability=None) -> Case:
    return Case(sample.name, (sample.mask if probability is None else probability).astype(np.float32), sample.mask)


def scores_of(probability_of, **options):
    return score_cases([case(sample, probability_of(sample)) for sample in CELLS], 0.5, 2.0, **options)


BEST = {"brier": 0, "ece": 0, "hd95_px": 0, "betti0_error": 0, "betti1_error": 0, "undecided_share": 0}


def test_the_truth_is_perfect_in_every_score_that_needs_no_decoding():
    scores = scores_of(lambda sample: sample.mask)
    for name, values in scores.metrics.items():
        if not name.startswith("instance_"):
            assert values == pytest.approx([BEST.get(name, 1)] * 2, abs=1e-6), name
    assert scores.optimistic == pytest.approx(dict.fromkeys(scores.optimistic, 1))


def test_black_and_white_are_finite_and_bad_everywhere():
    good = scores_of(lambda sample: sample.mask)
    for value in (0.0, 1.0):
        scores = scores_of(lambda sample, value=value: np.full(sample.mask.shape, value))
        assert all(math.isfinite(number) for values in scores.metrics.values() for number in values)
        for name in ("iou", "boundary_f1", "boundary_iou_1px", "v_rand", "cl_dice"):
            assert max(scores.metrics[name]) < min(good.metrics[name]) - 0.3, name


def test_worse_shifts_score_worse():
    def shifted(pixels: int):
        return scores_of(lambda sample: np.roll(sample.mask, pixels, axis=1)).metrics

    near, far = shifted(1), shifted(4)
    for name in ("iou", "dice", "ap", "boundary_f1_matched", "cl_dice", "surface_dice"):
        assert np.mean(far[name]) < np.mean(near[name]) < 1, name
    assert np.mean(far["hd95_px"]) > np.mean(near["hd95_px"]) > 0


def test_several_processes_score_alike_and_tell_their_progress():
    done: list[int] = []
    alone = scores_of(lambda sample: sample.mask)
    together = scores_of(lambda sample: sample.mask, processes=2, progress=done.append)
    assert together == alone
    assert done == [1, 2]


def test_the_best_threshold_on_the_truth_is_never_worse():
    noise = np.random.default_rng(0).random((96, 96))
    scores = scores_of(lambda sample: (0.3 * sample.mask + 0.3 * noise).clip(0, 1))
    assert scores.optimistic["v_rand_best"] >= np.mean(scores.metrics["v_rand"])
    assert scores.optimistic["boundary_f1_ois"] >= scores.optimistic["boundary_f1_ods"] - 0.05


def test_the_calibration_error_of_one_sided_guesses_is_worked_by_hand():
    mask = torch.tensor([[True, False, False, False]])
    assert calibration_error(torch.full((1, 4), 0.75), mask) == pytest.approx(0.5)
    assert calibration_error(torch.full((1, 4), 0.25), mask) == pytest.approx(0.0)
    probability = torch.rand(1, 4, generator=torch.Generator().manual_seed(0))
    assert calibration_error(probability, mask) == binary_calibration_error(probability, mask.int(), n_bins=15)


def test_cases_that_cannot_be_scored_are_refused():
    with pytest.raises(ValueError, match="no image to score"):
        score_cases([], 0.5, 2.0)
    with pytest.raises(ValueError, match=r"odd: prediction \(2, 3\) and truth \(3, 2\) differ in size"):
        score_cases([Case("odd", np.zeros((2, 3), np.float32), np.zeros((3, 2), bool))], 0.5, 2.0)
