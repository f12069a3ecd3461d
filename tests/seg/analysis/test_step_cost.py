from dataclasses import replace
from pathlib import Path

import pytest

from seg.analysis.step_cost import StepCost
from seg.analysis.summary import summarize

A, B, C = Path("a0"), Path("a1"), Path("b0")


@pytest.fixture
def runs(finished):
    """10 steps in a second each."""
    return {A: finished("a", 0, ["s"]), B: finished("a", 1, ["s"]), C: finished("b", 0, ["s"])}


def timed(runs, *seconds):
    return {
        path: replace(run, timing={"step": step, "validation": 9.0})
        for (path, run), step in zip(runs.items(), seconds, strict=True)
    }


def test_timed_steps_are_taken_where_all_runs_have_them(runs):
    cost = StepCost.of(timed(runs, 0.01, 0.03, 0.05))
    assert cost.ms == pytest.approx({A: 10, B: 30, C: 50})
    assert cost.mean([A, B]) == pytest.approx(20)
    assert "validation left out" in cost.meaning


def test_one_record_without_them_and_all_are_measured_by_the_whole_training(runs):
    cost = StepCost.of(timed(runs, 0.01, 0.03, 0.05) | {C: runs[C]})
    assert cost.ms == pytest.approx({A: 100, B: 100, C: 100})
    assert "validation of each epoch included" in cost.meaning


def test_unfinished_runs_cost_nothing_and_do_not_decide_how_it_is_measured(runs):
    broken = replace(runs[C], status="failed", validation=None, test=None)
    cost = StepCost.of(timed(runs, 0.01, 0.03, 0.05) | {C: broken})
    assert cost.ms == pytest.approx({A: 10, B: 30})
    assert cost.mean([C]) is None


def test_the_table_shows_the_mean_over_the_runs(runs):
    rows = {row.name: row.step_ms for row in summarize(timed(runs, 0.01, 0.03, 0.05)).rows}
    assert rows == pytest.approx({"a": 20, "b": 50})
