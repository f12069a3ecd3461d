"""How long a comparison will take, from a few steps of each arm."""

import heapq
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from seg.compare.run_state import Outcome, is_finished
from seg.compare.run_task import PlannedRun, RunTask
from seg.record import RunRecord

_STEPS = 8


@dataclass(frozen=True)
class Cost:
    """Duration of a run of an arm, by its parts.

    Attributes:
        epochs: of the whole training.
        steps: per epoch.
        step, validation: duration of one, in seconds.
        fixed: duration of everything that is done once per run, in seconds.
    """

    epochs: int
    steps: int
    step: float
    validation: float
    fixed: float

    def seconds(self, epochs: int | None = None) -> float:
        """Return the duration of a run in seconds, with another number of epochs if `epochs` is given."""
        return self.fixed + (epochs or self.epochs) * (self.steps * self.step + self.validation)

    @classmethod
    def of(cls, outcome: Outcome) -> "Cost":
        """Derive the cost from a run of a few steps; RuntimeError if it failed."""
        run = outcome.run
        if outcome.exit_code:
            raise RuntimeError(f"{run.name} does not train: {outcome.error}")
        record = RunRecord.load(run.folder)
        step, validation = record.timing["step"], record.timing["validation"]
        fixed = outcome.seconds - record.steps * step - validation
        epochs = record.config.max_epochs
        if epochs is None:
            raise RuntimeError(f"{run.name} has no trainer.max_epochs, which the time of a run is estimated by: set it")
        return cls(epochs, record.config.steps_per_epoch, step, validation, fixed)


def measure(runs: list[PlannedRun], execute: Callable[[list[RunTask]], list[Outcome]]) -> dict[str, Cost]:
    """Return arm -> cost, measured under the same load as in the comparison.

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
    """Return when the last run ends, in seconds, if each starts in the first free process.

    Args:
        seconds: duration of each run, in the order of their start.
        processes: that train at the same time.
    """
    free = [0.0] * processes
    for duration in seconds:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def tabulate(costs: dict[str, Cost], runs: list[RunTask]) -> Table:
    """Return a table with one row per arm.

    Args:
        costs: arm -> cost of a run.
        runs: of all arms, finished or not.
    """
    table = Table("arm", "to train", "kept", "epochs x steps", "ms per step", "time per run")
    for name, cost in costs.items():
        of_arm = [run for run in runs if run.name == name]
        kept = sum(map(is_finished, of_arm))
        length, per_step = f"{cost.epochs} x {cost.steps}", f"{1000 * cost.step:.0f}"
        table.add_row(name, str(len(of_arm) - kept), str(kept), length, per_step, duration(cost.seconds()))
    return table


def duration(seconds: float) -> str:
    """Format seconds for reading, e.g. "1 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
