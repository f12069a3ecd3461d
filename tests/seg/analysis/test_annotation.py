"""Learning curves over the number of training images."""

from dataclasses import replace

import numpy as np
import pytest

from seg.analysis.annotation import annotation_sentences, learning_curves
from seg.analysis.learning_curve import LearningCurve
from seg.analysis.units import Units
from seg.record import SplitScores
from tests.seg.records import config, record

COUNTS = np.array([2.0, 4.0, 8.0, 16.0])
IMAGES = [f"i{number}" for number in range(12)]


def power_law(counts, level=0.9, rise=0.6, exponent=0.7):
    return level - rise * counts**-exponent


def curve_of(means, seeds=3, images=20, noise=0.0, rng=None):
    """A curve whose scores vary with the image, with arm and seed, and from cell to cell."""
    rng = rng or np.random.default_rng(0)
    arms = len(means)
    scores = np.asarray(means)[:, None, None] + 5 * noise * rng.normal(size=(1, 1, images))
    scores = scores + noise * rng.normal(size=(arms, seeds, 1)) + noise * rng.normal(size=(arms, seeds, images))
    units = Units(tuple(str(number) for number in range(images)))
    return LearningCurve("dice", COUNTS[:arms], scores, units)


def test_scores_on_a_power_law_are_continued_by_it():
    curve = curve_of(power_law(COUNTS), noise=1e-5)
    assert curve.gain(32).mean == pytest.approx(power_law(32) - power_law(16), abs=1e-3)
    assert curve.level(64).mean == pytest.approx(power_law(64), abs=2e-3)
    assert curve.level(4).mean == pytest.approx(power_law(4), abs=1e-3)


def test_where_more_images_did_not_help_no_more_are_promised_to():
    curve = curve_of([0.5, 0.5, 0.5, 0.5], noise=0.01)
    gain = curve.gain(32)
    assert gain.low <= 0 <= gain.high
    assert gain.mean == pytest.approx(0, abs=0.01)
    falling = curve_of([0.6, 0.5, 0.4, 0.3], noise=0.001).gain(32)
    assert falling.mean == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("noise", "exponent"), [(0.003, 0.4), (0.01, 0.7), (0.02, 1.2)])
def test_the_interval_of_the_gain_holds_the_truth_in_nine_of_ten_worlds(noise, exponent):
    rng = np.random.default_rng(1)
    truth = power_law(32, exponent=exponent) - power_law(16, exponent=exponent)
    gains = [curve_of(power_law(COUNTS, exponent=exponent), noise=noise, rng=rng).gain(32) for _ in range(40)]
    assert np.mean([gain.low <= truth <= gain.high for gain in gains]) >= 0.9
    assert np.mean([gain.high - gain.low for gain in gains]) < 12 * noise


def test_of_one_volume_the_intervals_are_over_seeds_and_said_to_be():
    curve = replace(curve_of(power_law(COUNTS), noise=0.01, images=5), units=Units(("volume",) * 5, serial=True))
    assert curve.gain(32).low < curve.gain(32).mean
    assert (
        "for these test images alone: an interval needs at least 20 sections" in annotation_sentences(curve, "iou")[-1]
    )


def test_one_seed_leaves_no_interval():
    curve = curve_of(power_law(COUNTS), seeds=1)
    assert np.isnan(curve.gain(32).low)
    assert curve.gain(32).mean == pytest.approx(power_law(32) - power_law(16), abs=2e-3)
    assert "[" not in " ".join(annotation_sentences(curve, "iou"))


def arm(name, count, score, loss="losses.L2Loss", limit=True, seeds=3):
    """The runs of an arm, its scores with a little noise of seeds and images."""
    noise = np.random.default_rng(count).normal(0, 0.002, (seeds, len(IMAGES)))
    model = {"loss": {"class_path": loss}, "schedule": None}
    for seed in range(seeds):
        split = SplitScores(IMAGES, {"boundary_f1": (score + noise[seed]).tolist()})
        run = record(name, seed, split, config=config(model, {"train_images": count if limit else None}))
        yield replace(run, data=replace(run.data, train=[str(number) for number in range(count)], test=IMAGES))


def arms(counts, name="l2", **more):
    return [run for count in counts for run in arm(f"{name}_{count}", count, float(power_law(count)), **more)]


def test_arms_that_differ_in_the_number_of_images_alone_make_a_curve():
    everything = [*arms([2, 4, 8]), *arm("l2_all", 16, float(power_law(16)), limit=False)]
    others = arms([2, 4, 8, 16], name="jaccard", loss="losses.JaccardLoss")
    curves = learning_curves([*everything, *others], "boundary_f1")
    assert [(curve.name, curve.counts.tolist()) for curve in curves] == [
        ("l2", [2, 4, 8, 16]),
        ("jaccard", [2, 4, 8, 16]),
    ]
    assert curves[0].means == pytest.approx(power_law(COUNTS), abs=0.002)


def test_two_numbers_of_images_or_equal_ones_make_no_curve():
    assert learning_curves(arms([2, 4]), "boundary_f1") == []
    assert learning_curves([*arms([4]), *arms([4], name="b"), *arms([4], name="c")], "boundary_f1") == []
    assert learning_curves(arms([2, 4, 8]), "v_rand") == []


def test_the_sentences_tell_the_gain_the_seeds_and_whether_the_promise_was_kept():
    (curve,) = learning_curves(arms([2, 4, 8, 16]), "boundary_f1")
    gain, kept = annotation_sentences(curve, "boundary_f1")
    assert gain.startswith("l2: 16 more annotated images (32 instead of 16) would bring about +0.03")
    assert "in Boundary F1; the seeds differ by 0.00" in gain
    assert kept.startswith("From 8 to 16 images the curve through the smaller numbers promised +0.0")
    assert kept.endswith("came, which agrees.")


def test_a_promise_that_was_not_kept_is_said_to_be():
    broken = [*arms([2, 4, 8]), *arm("l2_16", 16, 0.3)]
    (curve,) = learning_curves(broken, "boundary_f1")
    assert annotation_sentences(curve, "boundary_f1")[1].endswith("came, which disagrees.")
