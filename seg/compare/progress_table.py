"""Live table of the runs."""

import math
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from seg.compare.run_state import Outcome
from seg.compare.run_task import RunTask
from seg.training.epoch_report import EpochReport

_SLOW = 24 * 3600.0  # window of the speed estimate, in seconds: epochs may be long


class ProgressTable:
    """One row per run: epochs, the ranking metric, remaining time, and a warning if the network has collapsed.

    If the output is not a terminal: one line for every epoch and for every run that ends.

    Args:
        runs: to be trained.
        kept: number of runs that were finished before.
        console: to write to.
    """

    def __init__(self, runs: list[RunTask], kept: int, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[epochs]}"),
            TextColumn("{task.fields[metric]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("[yellow]{task.fields[note]}"),
            console=self.console,
            speed_estimate_period=_SLOW,
        )
        self.shares = dict.fromkeys(runs, 0.0)
        self.rows = {run: self._add(run.label, "waiting") for run in runs}
        self.whole = self._add("all runs", f"{kept} kept" if kept else "")

    def __enter__(self) -> "ProgressTable":
        self.bars.start()
        self.bars.start_task(self.whole)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def _add(self, name: str, note: str) -> TaskID:
        return self.bars.add_task(name, total=1.0, start=False, epochs="", metric="", note=note)

    def show(self, run: RunTask, report: EpochReport) -> None:
        """Update the run's row.

        Args:
            run: one of the table's.
            report: its latest.
        """
        self.bars.start_task(self.rows[run])
        note = "" if report.collapse == "none" else report.collapse
        self._move(run, report.epoch / max(1, report.epochs), note)
        metric = "" if math.isnan(report.metric) else f"{report.metric:.3f}"
        epochs = f"{report.epoch}/{report.epochs}"
        self.bars.update(self.rows[run], epochs=epochs, metric=metric)
        self._log(run, f"epoch {epochs} {metric} {note}")

    def end(self, outcome: Outcome) -> None:
        """Close the run's row."""
        failed = outcome.exit_code != 0
        self._move(outcome.run, 1.0, "failed" if failed else None)
        self.bars.stop_task(self.rows[outcome.run])
        self._log(outcome.run, f"failed: {outcome.error}" if failed else f"finished in {outcome.seconds:.0f} s")

    def _log(self, run: RunTask, text: str) -> None:
        if not self.console.is_terminal:
            self.console.print(f"{run.label} {text.rstrip()}", markup=False, soft_wrap=True)

    def _move(self, run: RunTask, share: float, note: str | None) -> None:
        changed = {} if note is None else {"note": note}
        self.bars.update(self.rows[run], completed=share, **changed)  # type: ignore[arg-type]
        self.shares[run] = share
        self.bars.update(self.whole, completed=sum(self.shares.values()) / len(self.shares))
