from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.folds import FoldWorld, fold_rates
from seg.analysis.pairwise import judge
from seg.analysis.summary import summarize
from seg.analysis.units import Units
from seg.analysis.variance import TwoWayVariance
from seg.analysis.verdict import power_words, verdict
from seg.record import SplitScores
from tests.seg.records import DATA, config, record

FOLDS, PER_FOLD = 3, 4
SCORES = np.random.default_rng(0).standard_normal((3, 12))


def runs(merits, seeds=3):
    """Runs of each loss, seed and fold; 4 test images, 8 training images."""
    rng = np.random.default_rng(1)
    made = {}
    for name, merit in merits.items():
        for seed in range(seeds):
            for fold in range(FOLDS):
                images = [f"i{fold}{number}" for number in range(PER_FOLD)]
                scores = SplitScores(images, {"boundary_f1": (merit + 0.01 * rng.standard_normal(PER_FOLD)).tolist()})
                data = replace(DATA, fingerprint=f"fold {fold}", test=images, train=[f"t{i}" for i in range(8)])
                made[Path(f"{name}/{seed}/{fold}")] = record(
                    name, seed, scores, data=data, config=config(data={"folds": FOLDS, "fold": fold})
                )
    return made


def test_the_variance_between_folds_is_enlarged_as_nadeau_and_bengio_say():
    folds = Units(tuple("abcdefghijkl"), folds=(0,) * 4 + (1,) * 4 + (2,) * 4, ratio=0.5)
    means = SCORES.reshape(3, 3, 4).mean(axis=2)
    plain = TwoWayVariance.of(means)
    found = folds.variance(SCORES)
    assert found.mean == pytest.approx(SCORES.mean())
    assert found.seed_variance == pytest.approx(plain.seed_variance)
    variance = means.mean(axis=0).var(ddof=1)
    assert found.column_variance == pytest.approx(variance * (1 / 3 + 0.5))
    assert found.freedom == 2


def test_folds_of_unlike_size_count_by_their_images():
    folds = Units(tuple("abcdefghijkl"), folds=(0,) * 6 + (1,) * 4 + (2,) * 2, ratio=0.5)
    assert folds.variance(SCORES).mean == pytest.approx(SCORES.mean())
    assert "an interval needs test scores of at least 3 folds" in Units(tuple("ab"), folds=(0, 1)).unfit


def test_the_scores_of_all_folds_are_one_table_and_one_verdict():
    records = list(runs({"good": 0.8, "bad": 0.5}).values())
    judgement = judge(records, "boundary_f1")
    (pair,) = judgement.pairs
    assert (pair.seeds, pair.images, pair.better, pair.different) == (3, 12, "good", True)
    assert judgement.units.folds == (0,) * 4 + (1,) * 4 + (2,) * 4
    assert judgement.units.ratio == 0.5
    assert judgement.units.assumption.startswith("The images are tested in 3 folds.")


def test_a_tie_over_folds_says_so_and_promises_no_number():
    records = list(runs({"a": 0.5, "b": 0.501}).values())
    judgement = judge(records, "boundary_f1")
    told = " ".join(verdict({"boundary_f1": judgement}, "boundary_f1", records[0], "0.500", {}))
    assert "cannot be told apart with 3 seeds and 12 test images in 3 folds" in told
    assert power_words(judgement.pairs[0]) == (
        "a difference of this size needs more seeds, more images, or both; how many cannot be told"
    )


def test_a_fold_that_a_run_lacks_is_left_out_for_all():
    made = runs({"a": 0.5, "b": 0.6})
    made[Path("a/0/2")] = replace(made[Path("a/0/2")], status="failed")
    judgement = judge(list(made.values()), "boundary_f1")
    assert set(judgement.units.folds) == {0, 1}
    assert judgement.units.unfit
    assert not judgement.pairs[0].different


def test_data_may_differ_from_fold_to_fold_but_not_within_one():
    made = runs({"a": 0.5, "b": 0.6})
    assert summarize(made).warnings == []
    path = Path("a/0/2")
    made[path] = replace(made[path], data=replace(made[path].data, fingerprint="other"))
    assert "did not see the same data" in summarize(made).warnings[0]


def test_the_best_runs_that_the_pictures_show_are_of_one_fold():
    summary = summarize(runs({"a": 0.5, "b": 0.6}))
    assert {row.best.name for row in summary.rows} == {"0"}
    assert all(row.finished == 9 for row in summary.rows)


def test_one_volume_in_folds_speaks_for_that_volume():
    units = Units(("volume",) * 12, serial=True, folds=(0,) * 4 + (1,) * 4 + (2,) * 4, ratio=0.5)
    assert units.scope() == "The verdict holds for this volume or group only, which all images are of."
    assert units.correlation([SCORES, SCORES]) is None
    assert units.variance(SCORES) is not None


@pytest.mark.parametrize("training", [0.0, 0.4])
def test_overlapping_training_images_raise_no_more_alarms(training):
    measured = fold_rates(FoldWorld("folds", images=60, training=training), 80)
    assert measured.false_alarms <= 0.06
    assert measured.coverage >= 0.93
    assert (measured.uncorrected > 0.2) == (training > 0)
