from dataclasses import replace

import numpy as np
import pytest

from seg.analysis.failures import losers_by_rule
from seg.analysis.pairwise import judge
from seg.analysis.verdict import pair_words, verdict
from seg.record import SplitScores
from tests.seg.records import record

IMAGES = ["i1", "i2"]


def runs(name, verdicts, scores):
    return [
        record(
            name,
            seed,
            SplitScores(IMAGES, {"boundary_f1": [score, score + 0.1], "brier": [score, score]}),
            collapse=verdict,
        )
        for seed, (verdict, score) in enumerate(zip(verdicts, scores, strict=True))
    ]


def two_seeds(black="black", white="white", fine="none"):
    return runs("good", ["none", fine], [0.5, 0.9]) + runs("bad", [black, white], [0.0, 0.01])


LOST = {frozenset(("good", "bad")): "bad"}


@pytest.mark.parametrize(
    ("records", "lost"),
    [
        (two_seeds(), LOST),
        (two_seeds("inverted", "same answer"), LOST),
        (two_seeds(fine="threshold artefact"), LOST),
        (two_seeds("none"), {}),
        (two_seeds("partly collapsed"), {}),
        (two_seeds("threshold artefact", "threshold artefact"), {}),
        (two_seeds(fine="black"), {}),
        (two_seeds(fine="collapsed channel"), {}),
        ([run for run in two_seeds() if run.seed == 0], {}),
        ([*two_seeds(), record("good", 2, status="failed")], {}),
        ([*two_seeds(), record("bad", 2, status="diverged")], LOST),
    ],
)
def test_a_loss_of_which_all_runs_collapsed_loses_to_one_of_which_none_did(records, lost):
    assert losers_by_rule(records) == lost


def test_two_seeds_cannot_tell_the_scores_apart_but_the_verdict_tells_the_collapse():
    judgement = judge(two_seeds(), "boundary_f1")
    (pair,) = judgement.pairs
    assert (pair.different, pair.loser) == (False, "bad")
    assert (judgement.groups, judgement.leaders) == ([["good"], ["bad"]], ["good"])
    told = verdict({"boundary_f1": judgement}, "boundary_f1", two_seeds()[0], "0.700", {})
    assert told[0] == "Two seeds show only very large differences, three show far smaller ones: add a seed."
    assert told[2] == "bad loses to good: all of its runs collapsed, none of good."
    assert not any("cannot be told apart" in sentence for sentence in told)


def test_a_collapsed_loss_that_validation_chose_loses_too():
    told = verdict({"boundary_f1": judge(two_seeds(), "boundary_f1")}, "boundary_f1", two_seeds()[2], "0.700", {})
    assert "bad loses to good: all of its runs collapsed, none of good." in told


def test_the_rule_is_about_the_metric_that_ranks_alone():
    (pair,) = judge(two_seeds(), "brier").pairs
    assert pair.loser == ""
    assert pair_words(pair).startswith("cannot be told apart")


def test_an_established_difference_is_stronger_than_the_rule():
    rng = np.random.default_rng(0)
    images = [f"i{number}" for number in range(12)]
    scored = [
        record(name, seed, SplitScores(images, {"boundary_f1": (mean + 0.01 * rng.standard_normal(12)).tolist()}))
        for name, mean in (("odd", 0.9), ("fine", 0.2))
        for seed in range(3)
    ]
    collapsed = [replace(run, collapse="black") if run.name == "odd" else run for run in scored]
    (pair,) = judge(collapsed, "boundary_f1").pairs
    assert (pair.collapsed, pair.loser) == ("odd", "fine")
    assert pair_words(pair) == "odd is better"
