from dataclasses import replace

import pytest

from seg.analysis.summary import summarize
from seg.record import Averaging
from seg.report.figures.training import averaging, cost, learning_curves


def marks(folder, run, *verdicts):
    """Return how many markers the curve of a run has whose epochs ended with these verdicts."""
    rows = [f"{epoch},0.{epoch + 1},0.9,{verdict}" for epoch, verdict in enumerate(verdicts)]
    (folder / "metrics.csv").write_text("\n".join(["epoch,val/boundary_f1,val/loss,val/collapse", *rows]) + "\n")
    return learning_curves({folder: run}, ["a"], "boundary_f1", folder)[0].svg.count("<use ")


@pytest.mark.parametrize("verdict", ["1.0", "2.0", "3.0", "4.0", "5.0"])
def test_a_collapsed_epoch_has_a_mark_of_its_own(tmp_path, finished, verdict):
    run = finished("a", 0, ["s1"])
    assert marks(tmp_path, run, "0.0", verdict, "0.0") == marks(tmp_path, run, "0.0", "0.0", "0.0") + 1


def test_curves_of_runs_without_that_column_or_without_any_are_drawn(tmp_path, finished):
    (tmp_path / "metrics.csv").write_text("epoch,val/boundary_f1,val/loss\n0,0.5,0.9\n")
    runs = {tmp_path: finished("a", 0, ["s1"]), tmp_path / "gone": finished("a", 1, ["s1"])}
    drawings = learning_curves(runs, ["a"], "boundary_f1", tmp_path)
    assert [drawing.name for drawing in drawings] == ["learning", "learning_0"]


def test_cost_is_drawn_where_steps_were_done(tmp_path, finished):
    runs = {tmp_path: finished("a", 0, ["s1"])}
    assert [drawing.name for drawing in cost(summarize(runs), runs, tmp_path)] == ["cost"]
    diverged = {tmp_path: replace(runs[tmp_path], status="diverged", validation=None, test=None)}
    assert cost(summarize(diverged), diverged, tmp_path) == []


def test_what_averaging_brings_and_costs_is_drawn_where_runs_tell_it(tmp_path, finished):
    runs = {tmp_path / str(seed): finished("a", seed, ["s1"]) for seed in (0, 1)}
    assert averaging(runs, ["a"], "boundary_f1", tmp_path) == []
    gains = (Averaging(0.7, 0.72, 1.0, 8.0), Averaging(0.8, 0.86, 2.0, 18.0))
    told = {path: replace(run, averaging=gain) for (path, run), gain in zip(runs.items(), gains, strict=True)}
    (drawing,) = averaging(told, ["a"], "boundary_f1", tmp_path)
    assert "+0.040 on average, for 8.5 times the time" in drawing.caption
    assert (tmp_path / "figures/averaging.png").is_file()
