import numpy as np
import pytest

from benchmarks.choices import curse
from benchmarks.worlds import World
from seg.analysis.choice import WinnersCurse, cheaper_sentence, selection_bias
from seg.analysis.pairwise import judge
from seg.record import SplitScores
from tests.seg.records import record

IMAGES = [f"i{number}" for number in range(6)]


def runs(metric="boundary_f1", sign=1, seeds=3, losses="abc"):
    """Losses that are equal but for chance, 0.05 better on validation than on the test images."""
    rng = np.random.default_rng(0)

    def scores(mean):
        return SplitScores(IMAGES, {metric: (mean + 0.02 * rng.standard_normal(6)).tolist()})

    return [
        record(name, seed, rank_by=metric, validation=scores(0.6 + 0.05 * sign), test=scores(0.6))
        for name in losses
        for seed in range(seeds)
    ]


def test_the_gap_is_measured_over_all_runs_and_the_choice_costs_something_beside():
    found = WinnersCurse.of(runs())
    assert found.gap == pytest.approx(0.05, abs=0.01)
    assert 0.001 < found.selection < 0.02
    assert (found.losses, found.runs) == (3, 9)
    assert str(found).startswith("On new images its score is expected to be about 0.0")
    assert "because it is the best of 3, while runs lose 0.0" in str(found)
    assert str(found).endswith("from validation to test (mean over 9 runs).")


def test_where_less_is_better_a_score_that_rises_is_lost():
    assert WinnersCurse.of(runs("brier", sign=-1)).gap == pytest.approx(0.05, abs=0.01)


def test_runs_that_gain_more_than_the_choice_costs_lose_nothing():
    assert str(WinnersCurse(0.001, -0.05, 3, 9)) == (
        "Runs did not lose from validation to test (mean over 9 runs: 0.050 more), nor is the best of 3 expected to on "
        "new images like these."
    )
    assert "while runs gain 0.010 from validation to test" in str(WinnersCurse(0.02, -0.01, 3, 9))


@pytest.mark.parametrize("records", [runs(losses="a"), runs(seeds=1), [record("a", 0, status="failed")]])
def test_without_rivals_or_seeds_nothing_is_expected(records):
    assert WinnersCurse.of(records) is None


def test_one_image_tells_nothing_of_chance():
    def one(name, seed):
        scores = SplitScores(["i"], {"boundary_f1": [0.5]})
        return record(name, seed, scores)

    assert WinnersCurse.of([one(name, seed) for name in "ab" for seed in (0, 1)]) is None


def test_a_loss_that_is_best_by_far_was_not_chosen_by_chance():
    merits = 0.01 * np.random.default_rng(0).standard_normal((3, 3, 20))
    merits[0] += 5
    assert selection_bias(merits) == pytest.approx(0, abs=2e-3)


@pytest.mark.parametrize("apart", [0.0, 1.0])
def test_what_the_best_score_is_said_to_lose_is_what_it_loses_in_simulated_comparisons(apart):
    expected, measured = curse(World("independent"), 150, apart)
    assert expected == pytest.approx(measured, abs=0.25)
    assert expected > 0.2


def test_the_cheapest_of_the_losses_that_cannot_be_told_apart_is_named():
    judgement = judge(runs(), "boundary_f1")
    assert cheaper_sentence("a", judgement, {"a": 50.0, "b": 30.0, "c": 20.0}) == (
        "c costs least of the losses that cannot be told from a: 20 instead of 50 ms per training step."
    )
    assert cheaper_sentence("a", judgement, {"a": 50.0, "b": 49.0, "c": None}) == ""
    assert cheaper_sentence("a", judgement, {"a": None, "b": 30.0}) == ""


def test_a_cheap_loss_that_loses_is_not_named():
    worse = [record(run.name + "x", run.seed, SplitScores(IMAGES, {"boundary_f1": [0.1] * 6})) for run in runs()[:3]]
    judgement = judge([*runs(losses="b"), *worse], "boundary_f1")
    assert judgement.pair("b", "ax").loser == "ax"
    assert cheaper_sentence("b", judgement, {"b": 50.0, "ax": 10.0}) == ""
