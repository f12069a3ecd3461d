import subprocess
import sys
from dataclasses import replace
from inspect import signature
from typing import get_args

import numpy as np
import pytest

from seg.metrics.image_scores import ImageScores
from seg.metrics.metric import Formula, Metric, load_function
from seg.metrics.scored_image import ScoredImage
from seg.metrics.table import METRICS, OPTIMISTIC
from seg.model.module import BoundaryModule

MASK = np.eye(24, dtype=bool)
HALF = np.array([0.5], np.float32)
TRUTH = ScoredImage(MASK.astype(np.float32), MASK, HALF, tolerance_px=2.0)
ONE_OF_TWO = ScoredImage(np.full((1, 2), 0.5, np.float32), np.array([[True, False]]), HALF, tolerance_px=2.0)


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_the_value_of_the_truth_itself_lies_within_the_bounds(metric):
    low, high = metric.bounds
    assert low <= np.ravel(TRUTH.compute(metric.formula))[0] <= high


@pytest.mark.parametrize("metric", OPTIMISTIC.values(), ids=list(OPTIMISTIC))
def test_the_truth_is_perfect_at_its_own_threshold_too(metric):
    image = replace(TRUTH, thresholds=metric.thresholds)
    pooled = load_function(metric.pool)(np.stack([np.asarray(image.compute(metric.formula))]))
    assert np.ravel(pooled)[metric.part or 0] == pytest.approx(1)


def test_what_two_metrics_share_is_computed_once():
    image = replace(ONE_OF_TWO)
    assert image.compute(METRICS["iou"].formula).tolist() == [0.5]
    assert image.compute(METRICS["dice"].formula).tolist() == pytest.approx([2 / 3])
    assert len(image._results) == 1


def test_values_are_turned_so_that_larger_is_better():
    values = np.array([0.5, 1.5, 3.0])
    turned = {key: METRICS[key].merit(values).tolist() for key in ("iou", "brier", "sharpness")}
    assert turned == {"iou": [0.5, 1.5, 3.0], "brier": [-0.5, -1.5, -3.0], "sharpness": [-0.5, -0.5, -2.0]}


def test_titles_say_what_is_better_in_the_same_words_unless_larger_is():
    smaller = {"brier", "hd95_px", "betti0_error", "betti1_error", "ece", "undecided_share"}
    titles = {key: metric.title for key, metric in METRICS.items()}
    assert {key for key, title in titles.items() if title.endswith(" (smaller is better)")} == smaller
    assert {key for key, title in titles.items() if "(" in title} == smaller | {"sharpness"}
    assert titles["hd95_px"] == "HD95, px (smaller is better)"
    assert titles["sharpness"] == "Sharpness (nearer to 1 is better)"


def test_what_has_a_value_per_threshold_and_is_better_when_larger_may_rank():
    formula = Formula("boundary.boundary_f1", ("probability", "mask", "thresholds"))
    assert Metric("new", "New", formula).may_rank
    assert not Metric("new", "New", formula, "smaller").may_rank
    assert not METRICS["cl_dice"].may_rank


def test_the_command_line_accepts_every_metric_that_may_rank():
    accepted = get_args(signature(BoundaryModule).parameters["rank_by"].annotation)
    cells = ("instance_ap50", "instance_ap", "instance_f1", "cells_v_rand", "cells_v_info", "instance_pq")
    assert accepted == ("boundary_f1", "iou", "dice", "v_rand", "v_info", *cells)
    assert get_args(signature(ImageScores).parameters["rank_by"].annotation) == accepted


def test_reading_the_words_loads_no_torch():
    code = "import sys, seg.metrics.table; sys.exit(sum(name in sys.modules for name in ('torch', 'skimage', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
