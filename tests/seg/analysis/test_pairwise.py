from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from seg.analysis.pairwise import judge
from seg.analysis.variance import TwoWayVariance
from seg.analysis.verdict import power_words, verdict, with_interval
from seg.record import SplitScores
from tests.seg.records import record

SEEDS, IMAGES = 3, 12


def run(name, seed, scores, metric="iou", status="finished"):
    """A run with one test score per image."""
    images = [f"i{number:02}" for number in range(len(scores))]
    split = SplitScores(images, {metric: [float(score) for score in scores]}) if status == "finished" else None
    return record(name, seed, split, rank_by=metric, status=status)


def comparison(rng, merits, metric="iou"):
    """Runs of losses whose true scores differ by their merits."""
    image = 0.1 * rng.standard_normal(IMAGES)
    return [
        run(
            name,
            seed,
            0.5 + merit + image + 0.004 * rng.standard_normal() + 0.01 * rng.standard_normal(IMAGES),
            metric,
        )
        for name, merit in merits.items()
        for seed in range(SEEDS)
    ]


def test_a_planted_difference_is_found_and_a_planted_tie_is_not():
    runs = comparison(np.random.default_rng(0), {"good": 0.2, "bad": 0.0})
    runs += [run("bad again", old.seed, old.test.metrics["iou"]) for old in runs if old.name == "bad"]
    judgement = judge(runs, "iou")
    assert judgement.groups == [["good"], ["bad", "bad again"]]
    assert judgement.leaders == ["good"]
    tie = judgement.pair("bad again", "bad")
    assert tie.identical
    assert not tie.different
    assert power_words(tie) == "every score is the same"
    found = judgement.pair("bad", "good")
    assert (found.better, found.worse, found.different) == ("good", "bad", True)
    assert found.difference.mean == pytest.approx(0.2, abs=0.02)
    assert found.difference.low < 0.2 < found.difference.high
    assert found.wins == 1
    assert found.family == 3
    assert found.p_holm == pytest.approx(min(3 * found.p, 1))


def test_groups_overlap_where_the_middle_is_like_both_ends():
    rng = np.random.default_rng(5)
    judgement = judge(comparison(rng, {"a": 0.04, "b": 0.02, "c": 0.0}), "iou")
    assert judgement.groups == [["a", "b"], ["b", "c"]]


def test_an_interval_ends_where_scores_do():
    ripple = 0.001 * np.arange(IMAGES)
    runs = {
        metric: [run("a", seed, score + ripple, metric) for seed, score in enumerate((0.2, 0.8, 0.9))]
        for metric in ("iou", "hd95_px")
    }
    share, distance = (judge(of_metric, metric).estimates["a"] for metric, of_metric in runs.items())
    assert (share.low, share.high) == (0, 1)
    assert distance.low == 0
    assert distance.high > 1


def test_smaller_is_better_where_the_metric_says_so():
    judgement = judge(comparison(np.random.default_rng(0), {"large": 0.2, "small": 0.0}, "hd95_px"), "hd95_px")
    assert list(judgement.estimates) == ["small", "large"]
    assert judgement.pairs[0].difference.mean > 0


def test_the_nearer_to_1_the_better_a_sharpness():
    runs = [run(name, 0, [value] * 2, "sharpness") for name, value in (("a", 1.3), ("b", 0.8), ("c", 0.6))]
    assert list(judge(runs, "sharpness").estimates) == ["b", "a", "c"]


def test_pairs_are_made_of_the_seeds_and_images_that_both_have():
    one = [run("a", seed, [0.5, 0.6, 0.7]) for seed in (0, 1)]
    other = [run("b", seed, [0.1, 0.3]) for seed in (1, 2)]
    pair = judge([*one, *other], "iou").pairs[0]
    assert pair.differences == pytest.approx(np.array([[0.4, 0.3]]))
    assert (pair.seeds, pair.images) == (1, 2)
    assert np.isnan([pair.p, pair.p_holm, pair.difference.low]).all()
    assert power_words(pair) == "an interval needs at least 2 seeds and 2 test images"
    assert with_interval(pair.difference) == "0.350"


def unequal(lacks):
    """Runs of a and b, of which a is better by 0.05 on each seed; an easy or a hard seed that one lacks hides that."""
    ripple = 0.01 * np.sin(np.arange(IMAGES)) + 0.001 * np.arange(IMAGES) ** 0.5
    level = {"a": 0.55, "b": 0.5}
    easy = {"a": 0.4, "b": -0.4}[lacks]  # added to the last seed's scores
    return [
        run(name, seed, level[name] + ripple + 0.0005 * seed * np.cos(np.arange(IMAGES)) + (easy if seed == 3 else 0))
        for name in level
        for seed in range(4)
        if (name, seed) != (lacks, 3)
    ]


@pytest.mark.parametrize("lacks", ["a", "b"])
def test_a_missing_seed_does_not_turn_a_verdict_around(lacks):
    judgement = judge(unequal(lacks), "iou")
    assert list(judgement.estimates) == ["b", "a"]  # over all seeds of each
    (pair,) = judgement.pairs
    assert (pair.better, pair.worse, pair.different, pair.seeds, pair.unpaired) == ("a", "b", True, 3, 1)
    assert pair.difference.mean == pytest.approx(0.05, abs=1e-3)
    assert (pair.differences.mean() > 0, pair.wins) == (True, 1)
    assert judgement.leaders == ["a"]
    assert judgement.groups == [["b"], ["a"]]
    b = next(each for each in unequal(lacks) if each.name == "b")
    text = verdict({"iou": judgement}, "iou", b, "0.500", {})[1]
    assert text == (
        "a beats b in IoU by 0.050 [0.050, 0.050] (3 common seeds) on the test images, "
        "though it is not best on validation."
    )


def test_losses_without_a_common_seed_are_not_tested():
    pair = judge([run("a", 0, [0.5, 0.6]), run("b", 1, [0.1, 0.3])], "iou").pairs[0]
    assert (pair.seeds, pair.difference.mean) == (0, pytest.approx(0.35))
    assert not pair.different


def test_the_test_over_the_images_is_shown_as_wilcoxon_has_it():
    runs = comparison(np.random.default_rng(1), {"a": 0.01, "b": 0.0})
    pair = judge(runs, "iou").pairs[0]
    assert pair.p_images == pytest.approx(stats.wilcoxon(pair.differences.mean(axis=0)).pvalue)


def test_a_metric_that_a_run_lacks_is_not_judged():
    assert judge([run("a", 0, [0.5]), run("b", 0, [0.5], "dice")], "iou") is None
    assert judge([run("a", 0, [0.5], status="failed")], "iou") is None
    other = run("b", 0, [0.5])
    other.test.images[0] = "another"
    assert judge([run("a", 0, [0.5]), other], "iou") is None


def sentences(merits, chosen, seed=0, **more):
    runs = comparison(np.random.default_rng(seed), merits, "boundary_f1")
    judgements = {"boundary_f1": judge(runs, "boundary_f1")} | more
    return verdict(judgements, "boundary_f1", next(run for run in runs if run.name == chosen), "0.700 ± 0.010", {})


def test_the_verdict_names_winner_margin_and_power():
    first, wins, tie = sentences({"a": 0.2, "b": 0.0, "c": 0.197}, "a")
    assert first == "a is best on validation: Boundary F1 0.700 ± 0.010. The run to promote: seed 0."
    assert wins.startswith("On the test images a beats b in Boundary F1 by 0.199 [")
    assert "a and c cannot be told apart with 3 seeds and 12 test images (0.0" in tie
    assert "seeds" in tie.partition("for a):")[2]


def test_the_verdict_admits_that_the_test_contradicts_validation():
    text = " ".join(sentences({"a": 0.0, "b": 0.2}, "a"))
    assert "b beats a in Boundary F1 by 0.2" in text
    assert "though it is not best on validation" in text


def test_a_win_in_a_metric_of_which_less_is_better_says_so():
    runs = comparison(np.random.default_rng(2), {"a": 0.2, "b": 0.0}, "brier")
    judgement = judge(runs, "brier")
    beaten = verdict({"brier": judgement}, "brier", runs[0], "0.700", {})[1]
    assert beaten.startswith("b beats a in Brier score (smaller is better) by 0.199 [")
    assert sentences({"a": 0.2, "b": 0.0}, "a", brier=judgement)[-1] == "b beats a in Brier score (smaller is better)."


def pair_with(mean, seed_variance, image_variance, images=12):
    runs = comparison(np.random.default_rng(0), {"a": 0.1, "b": 0.0})
    return replace(
        judge(runs, "iou").pairs[0], uncertainty=TwoWayVariance(mean, seed_variance, image_variance, 3, images)
    )


def test_power_is_told_in_seeds_or_in_seeds_and_images():
    alone = pair_with(1.0, 0.07, 1e-6)
    assert alone.need.images is None
    assert 3 < alone.need.likely < alone.need.sure
    assert power_words(alone) == (
        f"a difference of this size would show in about four of five comparisons with {alone.need.sure} seeds, "
        f"in half of them with {alone.need.likely} seeds"
    )
    both = pair_with(1.0, 0.05, 0.2)
    assert both.need.images == 4 * both.need.sure  # as many times more images as seeds
    assert f"with {both.need.sure} seeds and {both.need.images} test images" in power_words(both)
    assert power_words(both).startswith("more seeds alone will not do")
    assert power_words(pair_with(0.1, 1e-9, 1.0)).startswith("more seeds alone will not show")
    assert power_words(pair_with(1.0, 1e-6, 1e-6)) == "borderline"


def test_the_verdict_says_where_the_number_of_pairs_decided():
    merits = {"a": 0.016} | dict.fromkeys("bcdefgh", 0.0)
    tie = next(sentence for sentence in sentences(merits, "a", seed=3) if "once" in sentence)
    assert "cannot be told apart with 3 seeds and 12 test images once 28 pairs are corrected for (0.01" in tie


def test_practically_equal_is_told_from_what_cannot_be_told_apart():
    runs = comparison(np.random.default_rng(0), {"a": 0.004, "b": 0.0})
    judgement = judge(runs, "iou")
    (pair,) = judgement.pairs
    assert not pair.equal_within(0.0)
    assert not pair.equal_within(pair.difference.mean)
    assert pair.equal_within(0.2)
    chosen = next(run for run in runs if run.name == pair.better)
    near, far = (verdict({"iou": judgement}, "iou", chosen, "0.500", {}, rope)[1] for rope in (0.2, 0.001))
    assert near.startswith(
        f"{pair.better} and {pair.worse} are practically equal: they differ by less than 0.2 in IoU ("
    )
    assert "cannot be told apart" in far


def test_two_one_sided_tests_are_those_of_the_interval_of_90_percent():
    (pair,) = judge(comparison(np.random.default_rng(0), {"a": 0.004, "b": 0.0}), "iou").pairs
    reach = pair.difference.mean + pair.uncertainty.margin(0.1)
    assert pair.equal_within(reach + 1e-6)
    assert not pair.equal_within(reach - 1e-6)


def of_data(runs, groups, serial=False, order=None):
    """The same runs, their test images in groups."""
    names = order or runs[0].test.images
    data = replace(runs[0].data, test=names, groups=dict(zip(names, groups, strict=True)), serial=serial)
    return [replace(run, data=data) for run in runs]


def grouped_comparison(rng, members):
    """Equal losses that differ from group to group, but hardly within one."""
    level = {loss: 0.1 * rng.standard_normal(len(set(members))) for loss in "ab"}
    return [
        run(loss, seed, 0.5 + level[loss][members] + 0.005 * rng.standard_normal(len(members)))
        for loss in "ab"
        for seed in range(SEEDS)
    ]


def test_a_difference_between_two_groups_is_no_difference_in_general():
    rng, members = np.random.default_rng(1), np.array([0] * 10 + [1] * 10)
    alarms = {True: 0, False: 0}
    for _ in range(40):
        runs = grouped_comparison(rng, members)
        alarms[False] += judge(runs, "iou").pairs[0].different
        alarms[True] += judge(of_data(runs, [f"patient {member}" for member in members]), "iou").pairs[0].different
    assert alarms[False] > 16
    assert alarms[True] <= 4


def test_sections_are_taken_in_the_order_of_the_data():
    rng = np.random.default_rng(0)
    runs = [run(loss, seed, 0.5 + 0.01 * rng.standard_normal(24).cumsum()) for loss in "ab" for seed in range(3)]
    shuffled = [runs[0].test.images[place] for place in rng.permutation(24)]
    in_order, mixed = (
        judge(of_data(runs, ["volume"] * 24, serial=True, order=order), "iou")
        for order in (runs[0].test.images, shuffled)
    )
    assert in_order.independent < 0.7 * mixed.independent
    assert in_order.units.one_volume


def test_few_sections_establish_nothing_and_the_verdict_begins_with_the_volume():
    runs = of_data(comparison(np.random.default_rng(0), {"a": 0.2, "b": 0.0}), ["volume"] * IMAGES, serial=True)
    judgement = judge(runs, "iou")
    assert not judgement.pairs[0].different
    scope, _, nothing = verdict({"iou": judgement}, "iou", runs[0], "0.700", {})
    assert scope.startswith("The verdict holds for this volume only: its 12 test images are neighboring sections.")
    assert nothing == (
        "Chance cannot be estimated (an interval needs at least 20 sections of one volume, or several volumes): "
        "no difference to another loss is established."
    )
