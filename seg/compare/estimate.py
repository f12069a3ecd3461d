"""How long a comparison will take, from a few steps of each arm."""

import heapq
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from seg.compare.plan import PlannedRun, RunTask
from seg.compare.run_state import Outcome, is_finished
from seg.record import RunRecord

_STEPS = 8


@dataclass(frozen=True)
class Cost:
    """What a run of an arm costs.

    Attributes:
        epochs: of the whole training.
        steps: per epoch.
        step, validation, fixed: seconds of a step, of a validation, and of all that is done once.
    """

    epochs: int
    steps: int
    step: float
    validation: float
    fixed: float

    def seconds(self, epochs: int | None = None) -> float:
        """Return the seconds of a run, of other length if `epochs` is given."""
        return self.fixed + (epochs or self.epochs) * (self.steps * self.step + self.validation)

    @classmethod
    def of(cls, outcome: Outcome) -> "Cost":
        """Read the cost from a run of a few steps; RuntimeError if it failed."""
        run = outcome.run
        if outcome.exit_code:
            raise RuntimeError(f"{run.name} does not train: {outcome.last_log_line}")
        record = RunRecord.load(run.folder)
        step, validation = record.timing["step"], record.timing["validation"]
        fixed = outcome.seconds - record.steps * step - validation
        epochs = record.config.max_epochs
        if epochs is None:
            raise RuntimeError(f"{run.name} has no trainer.max_epochs, which the time of a run is estimated by: set it")
        return cls(epochs, record.config.steps_per_epoch, step, validation, fixed)


def measure(runs: list[PlannedRun], execute: Callable[[list[RunTask]], list[Outcome]]) -> dict[str, Cost]:
    """Return arm -> cost, measured as many at a time as the comparison would run.

    Args:
        runs: of the plan; one of each arm is trained for a few steps.
        execute: trains runs.
    """
    short = (f"--trainer.limit_train_batches={_STEPS}", f"--trainer.max_steps={_STEPS}")
    arms = {run.name: replace(run, extra=(*run.extra, *short)) for run in reversed(runs)}
    with tempfile.TemporaryDirectory() as folder:
        tasks = [arm.task(Path(folder), "") for arm in reversed(arms.values())]
        costs = {outcome.run.name: Cost.of(outcome) for outcome in execute(tasks)}
    return {task.name: costs[task.name] for task in tasks}


def makespan(seconds: list[float], processes: int) -> float:
    """Return when the last run ends if each starts in the first process that is free."""
    free = [0.0] * processes
    for duration in seconds:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def tabulate(costs: dict[str, Cost], runs: list[RunTask]) -> Table:
    """Return a row per arm."""
    table = Table("arm", "to train", "kept", "epochs x steps", "ms per step", "time per run")
    for name, cost in costs.items():
        of_arm = [run for run in runs if run.name == name]
        kept = sum(map(is_finished, of_arm))
        length, per_step = f"{cost.epochs} x {cost.steps}", f"{1000 * cost.step:.0f}"
        table.add_row(name, str(len(of_arm) - kept), str(kept), length, per_step, duration(cost.seconds()))
    return table


def duration(seconds: float) -> str:
    """Return seconds in words, e.g. "1 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
