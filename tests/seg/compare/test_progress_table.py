import io
import math
from pathlib import Path

from rich.console import Console

from seg.compare.progress_table import ProgressTable
from seg.compare.run_state import Outcome
from seg.compare.run_task import RunTask
from seg.training.epoch_report import EpochReport

RUNS = [RunTask(name, 0, Path(name), (), name) for name in ("l2", "jaccard")]


def shown(terminal: bool) -> str:
    out = io.StringIO()
    with ProgressTable(RUNS, 3, Console(file=out, force_terminal=terminal, width=120, color_system=None)) as table:
        table.show(RUNS[0], EpochReport(0, 4, math.nan, "none"))
        table.show(RUNS[0], EpochReport(3, 4, 0.8125, "black"))
        table.end(Outcome(RUNS[1], 1, "ValueError: no", 7.0))
        table.end(Outcome(RUNS[0], 0, "", 61.2))
    return out.getvalue()


def test_the_table_shows_epochs_metric_warnings_and_failures():
    last = shown(terminal=True).rpartition("l2 seed 0")[2]
    assert "3/4" in last
    assert "0.812" in last
    assert "black" in last
    assert "failed" in last
    assert "3 kept" in last


def test_without_a_terminal_every_epoch_and_every_end_is_a_line():
    assert shown(terminal=False).splitlines()[:4] == [
        "l2 seed 0 epoch 0/4",
        "l2 seed 0 epoch 3/4 0.812 black",
        "jaccard seed 0 failed: ValueError: no",
        "l2 seed 0 finished in 61 s",
    ]
