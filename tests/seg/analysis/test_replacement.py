import math

import numpy as np
import pytest

from seg.analysis.replacement import Replacement
from seg.analysis.units import Units


def images(count: int) -> Units:
    return Units(tuple(f"s{number}" for number in range(count)))


OLD = np.random.default_rng(0).uniform(0.6, 0.9, 12)


@pytest.mark.parametrize(
    ("gain", "verdict"), [(0.05, "better"), (-0.05, "worse"), (0.0, "not told apart"), (0.001, "not told apart")]
)
def test_a_difference_counts_where_it_exceeds_what_images_vary_by(gain, verdict):
    noise = np.random.default_rng(1).normal(0, 0.01, 12)
    found = Replacement.of("iou", OLD + gain + noise - noise.mean(), OLD, images(12))
    assert found.verdict == verdict
    assert found.new - found.old == pytest.approx(gain)
    assert found.low < gain < found.high


def test_the_interval_is_the_paired_t_interval():
    gain = np.array([0.01, 0.03, 0.02, 0.06])
    found = Replacement.of("iou", OLD[:4] + gain, OLD[:4], images(4))
    half = 3.182446 * gain.std(ddof=1) / 2
    assert (found.low, found.high) == (pytest.approx(0.03 - half, abs=1e-4), pytest.approx(0.03 + half, abs=1e-4))


def test_images_of_one_group_are_not_many():
    gain = np.repeat([0.09, -0.03, 0.02, 0.06], 3)
    alone = Replacement.of("iou", OLD + gain, OLD, images(12))
    grouped = Replacement.of("iou", OLD + gain, OLD, Units(tuple(np.repeat(list("abcd"), 3))))
    assert (alone.verdict, grouped.verdict) == ("better", "not told apart")


def test_a_false_alarm_is_as_rare_as_promised():
    rng, alarms = np.random.default_rng(2), 0
    for _ in range(400):
        found = Replacement.of("iou", OLD + rng.normal(0, 0.05, 12), OLD, images(12))
        alarms += found.verdict != "not told apart"
    assert 4 <= alarms <= 34  # 5 % of 400, within three standard errors


def test_a_few_sections_of_one_volume_tell_nothing():
    found = Replacement.of("iou", OLD[:5] + 0.1, OLD[:5], Units(("v",) * 5, serial=True))
    assert (found.verdict, math.isnan(found.low)) == ("not told apart", True)
    assert "needs at least" in str(found)


def test_the_sentence_has_the_numbers():
    text = str(Replacement.of("boundary_f1", OLD + 0.05, OLD, images(12)))
    assert "the new model is better than the one before on the same 12 test images: Boundary F1" in text
    assert "+0.050 [+0.050, +0.050]" in text
