from dataclasses import replace

import pytest

from seg.analysis.groups import scores_by_group
from seg.record import SplitScores
from tests.seg import records

GROUPS = {"a1": "a", "a2": "a", "b1": "b"}


def run(name, seed, scores):
    of_images = SplitScores(list(GROUPS), {"boundary_f1": scores})
    return records.record(name, seed, of_images, data=replace(records.DATA, test=list(GROUPS), groups=GROUPS))


def test_scores_of_a_group_are_the_mean_over_its_images_and_the_arms_runs_worst_first():
    runs = [run("l2", 0, [0.5, 0.7, 0.3]), run("l2", 1, [0.6, 0.8, 0.5]), run("dice", 0, [0.9, 0.9, 0.7])]
    found = scores_by_group(runs, "boundary_f1")
    assert list(found) == ["b", "a"]
    assert found["a"] == {"l2": pytest.approx(0.65), "dice": pytest.approx(0.9)}
    assert found["b"] == {"l2": pytest.approx(0.4), "dice": pytest.approx(0.7)}


def test_folds_add_up_to_all_groups():
    whole = run("l2", 0, [0.5, 0.7, 0.3])
    folds = [
        replace(whole, test=SplitScores(names, {"boundary_f1": scores}))
        for names, scores in ((["a1", "a2"], [0.5, 0.7]), (["b1"], [0.3]))
    ]
    assert scores_by_group(folds, "boundary_f1") == scores_by_group([whole], "boundary_f1")


def test_there_are_none_where_each_image_is_its_own_all_are_one_or_nothing_was_tested():
    whole = run("l2", 0, [0.5, 0.7, 0.3])
    alone = replace(whole, data=replace(whole.data, groups={}))
    together = replace(whole, data=replace(whole.data, groups=dict.fromkeys(GROUPS, "a")))
    for each in (alone, together, replace(whole, test=None)):
        assert scores_by_group([each], "boundary_f1") == {}
