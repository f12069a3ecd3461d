import numpy as np

from seg.analysis.pairwise import judge
from seg.analysis.secondary import secondary_sentences
from seg.record import SplitScores
from tests.seg.records import record

IMAGES = [f"i{number}" for number in range(12)]


def judgements(**merits):
    """Judgements of a and b, of which b is better by so much, with noise of 0.01, metric by metric."""
    rng = np.random.default_rng(0)
    runs = []
    for name in "ab":
        for seed in range(3):
            scores = {
                metric: (0.5 + merit * (name == "b") + 0.01 * rng.standard_normal(12)).tolist()
                for metric, merit in merits.items()
            }
            runs.append(record(name, seed, SplitScores(IMAGES, scores)))
    return {metric: judge(runs, metric) for metric in merits}


def test_a_clear_difference_is_named_after_the_first_metric_has_told_losses_apart():
    clear = judgements(boundary_f1=-0.2, v_rand=0.2, iou=0.0)
    assert secondary_sentences("a", clear, "boundary_f1") == ["b beats a in V_Rand."]


def test_without_a_difference_in_the_first_metric_all_others_are_exploratory():
    tie = judgements(boundary_f1=0.0, v_rand=0.2)
    assert not tie["boundary_f1"].pairs[0].different
    (sentence,) = secondary_sentences("a", tie, "boundary_f1")
    assert sentence.startswith("Exploratory, as one of 1 other metrics")
    assert sentence.endswith("b is ahead of a in V_Rand.")


def test_what_stands_in_its_metric_but_not_among_all_is_exploratory():
    others = dict.fromkeys(("iou", "dice", "ap", "cl_dice", "v_info", "sharpness"), 0.0)
    known = judgements(boundary_f1=-0.2, v_rand=0.013, **others)
    p = known["v_rand"].pairs[0].p
    assert 0.05 / 7 < p <= 0.05
    (sentence,) = secondary_sentences("a", known, "boundary_f1")
    assert sentence == ("Exploratory, as one of 7 other metrics could show it by chance: b is ahead of a in V_Rand.")


def test_a_loss_that_is_nowhere_behind_needs_no_sentence():
    assert secondary_sentences("b", judgements(boundary_f1=0.2, v_rand=0.2), "boundary_f1") == []
