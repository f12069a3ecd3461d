import numpy as np
import pytest
from scipy import stats

from seg.analysis.score_intervals import score_intervals
from seg.record import SplitScores
from tests.seg import records


def test_the_interval_is_that_of_a_mean_over_images():
    scores = [0.5, 0.6, 0.8, 0.7, 0.9]
    record = records.record("l2", 0, SplitScores(list("abcde"), {"iou": scores}))
    error = np.std(scores, ddof=1) / np.sqrt(5)
    expected = np.mean(scores) + np.array([-1, 1]) * stats.t.ppf(0.975, 4) * error
    assert score_intervals(record) == {"iou": pytest.approx(list(expected))}


def test_a_single_image_has_no_interval():
    assert score_intervals(records.record("l2", 0, SplitScores(["a"], {"iou": [0.5]}))) == {}
