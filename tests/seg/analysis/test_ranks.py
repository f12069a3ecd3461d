import numpy as np
import pytest
from scipy import stats

from seg.analysis.ranks import Ranks
from seg.report.figures.ranks import critical_difference_diagram


def test_four_losses_on_14_data_sets_have_the_critical_difference_of_the_paper():
    ranks = Ranks.of(list("abcd"), np.random.default_rng(0).random((14, 4)))
    assert ranks.critical_difference == pytest.approx(1.25, abs=0.005)


def test_ranks_are_shared_in_ties_and_averaged():
    ranks = Ranks.of(["a", "b", "c"], np.array([[0.9, 0.9, 0.1], [0.5, 0.7, 0.6]]))
    assert ranks.mean == {"b": 1.25, "a": 2.25, "c": 2.5}


def test_groups_are_the_neighbors_within_the_critical_difference():
    ranks = Ranks({"a": 1.0, "b": 1.8, "c": 2.4, "d": 4.0}, critical_difference=1.0, data_sets=20)
    assert ranks.groups() == [["a", "b"], ["b", "c"]]
    assert ranks.sentence() == "Over 20 data sets a has the best mean rank, 1.00; it differs from c, d."
    assert Ranks({"a": 1.0, "b": 1.8}, 1.0, 3).sentence().endswith("it cannot be told from any other loss.")


def test_a_loss_that_always_wins_is_told_from_the_one_that_always_loses():
    merits = np.tile([0.9, 0.5, 0.1], (10, 1))
    assert Ranks.of(["a", "b", "c"], merits).groups() == [["a", "b"], ["b", "c"]]
    assert stats.friedmanchisquare(*merits.T).pvalue < 0.05


def test_one_data_set_has_no_ranks():
    with pytest.raises(ValueError, match="ranks need >= 2 data sets and >= 2 losses, got 1 and 3"):
        Ranks.of(["a", "b", "c"], np.ones((1, 3)))


def test_the_diagram_names_every_loss_and_the_critical_difference(tmp_path):
    ranks = Ranks({"a": 1.0, "b": 1.8, "c": 2.9}, critical_difference=1.0, data_sets=9)
    drawing = critical_difference_diagram(ranks, tmp_path)
    for words in ("a (1.00)", "b (1.80)", "c (2.90)", "critical difference 1.00"):
        assert words in drawing.svg
    assert (tmp_path / "figures" / "ranks.png").stat().st_size > 1000
