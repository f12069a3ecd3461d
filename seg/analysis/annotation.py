"""Whether more annotated images would pay: arms that differ in the number of training images alone."""

import math
from collections.abc import Iterable
from itertools import takewhile

import numpy as np

from seg.analysis.arms import settings
from seg.analysis.formatting import format_score
from seg.analysis.learning_curve import LearningCurve
from seg.analysis.pair import Estimate
from seg.analysis.score_tables import common_images, merge_scores, score_tables
from seg.analysis.units import Units
from seg.analysis.verdict import with_interval
from seg.metrics.table import METRICS
from seg.record import RunRecord

#: A curve of three parameters needs as many numbers of images.
FEWEST_ARMS = 3

_LIMIT = "data.train_images"


def learning_curves(records: Iterable[RunRecord], metric: str) -> list[LearningCurve]:
    """Return a curve for each set of arms that differ in the number of training images alone.

    Args:
        records: of all runs.
        metric: key in `METRICS`.
    """
    finished = [run for run in records if run.status == "finished" and run.test and metric in run.test.metrics]
    alike: dict[str, dict[str, int]] = {}
    for run in finished:
        rest = {key: value for key, value in settings(run).items() if key != _LIMIT}
        alike.setdefault(repr(sorted(rest.items(), key=str)), {})[run.name] = len(run.data.train)
    curves = [_curve([run for run in finished if run.name in arms], arms, metric) for arms in alike.values()]
    return [curve for curve in curves if curve]


def _curve(runs: list[RunRecord], arms: dict[str, int], metric: str) -> LearningCurve | None:
    """Return the curve through arms (name -> number of images), on the images and seeds that all have."""
    merged = merge_scores(runs, metric)
    images, by_count = common_images(merged, runs), sorted(arms, key=lambda name: arms[name])
    counts = np.array([arms[name] for name in by_count], dtype=np.float64)
    if len(set(counts)) < max(FEWEST_ARMS, len(arms)) or not images:
        return None
    tables = score_tables(merged, images)
    seeds = sorted(set.intersection(*(set(tables[name][0]) for name in by_count)))
    if not seeds:
        return None
    scores = [tables[name][1][[tables[name][0].index(seed) for seed in seeds]] for name in by_count]
    units = Units.of(runs, images)
    return LearningCurve(_common(by_count), counts, METRICS[metric].merit(np.array(scores)), units)


def _common(names: list[str]) -> str:
    """Return the words that all names begin with: "dice" of dice_4 and dice_16."""
    words = zip(*(name.split("_") for name in names), strict=False)
    shared = [first for first, *_ in takewhile(lambda each: len(set(each)) == 1, words)]
    return "_".join(shared) or " / ".join(names)


def annotation_sentences(curve: LearningCurve, metric: str) -> list[str]:
    """Return what more images would bring, how far the seeds differ, and whether the curve kept its promise.

    Args:
        curve: of one set of arms.
        metric: key in `METRICS`.
    """
    largest, title = int(curve.counts[-1]), METRICS[metric].title
    spread = f"; the seeds differ by {format_score(curve.seed_deviation)}" if curve.seed_deviation >= 0 else ""
    sentences = [
        f"{curve.name}: {largest} more annotated images ({2 * largest} instead of {largest}) would bring about "
        f"{_signed(curve.gain(2 * largest))} in {title}{spread}."
    ]
    if len(curve.counts) > FEWEST_ARMS:
        sentences.append(_kept(curve))
    if curve.fixed_images:
        sentences.append(f"The intervals are over seeds, for these test images alone: {curve.units.unfit}.")
    return sentences


def _kept(curve: LearningCurve) -> str:
    """Compare what the smaller numbers of images promised for the largest one with what came."""
    earlier, came = curve.without_largest(), curve.last_step()
    promise = earlier.gain(curve.counts[-1])
    reach = math.hypot(promise.high - promise.mean, came.high - came.mean)
    kept = "which agrees" if abs(came.mean - promise.mean) <= reach else "which disagrees"
    return (
        f"From {earlier.counts[-1]:.0f} to {curve.counts[-1]:.0f} images the curve through the smaller numbers "
        f"promised {_signed(promise)}; {_signed(came)} came{'' if math.isnan(reach) else f', {kept}'}."
    )


def _signed(estimate: Estimate) -> str:
    return f"+{with_interval(estimate)}" if estimate.mean >= 0 else with_interval(estimate)
