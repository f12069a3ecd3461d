"""`seg compare`: inspect the inputs, tune hyper-parameters, train the missing runs."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from seg.compare import estimate, tuning
from seg.compare.dask import execute_on_cluster
from seg.compare.fingerprint import code_fingerprint
from seg.compare.local import Progress, execute, probe_data, suitable_processes
from seg.compare.plan import Plan
from seg.compare.progress_table import ProgressTable
from seg.compare.run_state import Outcome, is_finished
from seg.compare.run_task import PlannedRun, RunTask
from seg.record import COMPARISON

WRONG_USAGE = 2


@dataclass(frozen=True)
class Executor:
    """Trains runs on this machine or on a cluster.

    Attributes:
        processes: runs at the same time on this machine.
        gpus: number of GPUs of this machine.
        scheduler: address of a Dask cluster to use instead, or None.
    """

    processes: int
    gpus: int
    scheduler: str | None

    def execute(self, runs: list[RunTask], progress: Progress) -> Iterator[Outcome]:
        """Train runs; see seg.compare.local.execute.

        Args:
            runs: to train.
            progress: called after every epoch.
        """
        if self.scheduler:
            return execute_on_cluster(self.scheduler, runs, progress)
        return execute(runs, self.processes, self.gpus, progress)


def inspect_inputs(plan: Plan, runs: list[PlannedRun], scheduler: str | None) -> tuple[str, Executor]:
    """Read the data, check the options, and return the fingerprint of data and code, and the executor.

    Args:
        plan: of the comparison.
        runs: of the plan.
        scheduler: address of a Dask scheduler, or None.

    Raises:
        ValueError: the data or an option is invalid.
    """
    data, gpus = probe_data(runs[0].task(Path("runs"), "").args)
    files = [*plan.configs, plan.data, *(arm.loss for arm in plan.arms)]
    texts = [file.read_text(encoding="utf-8") for file in files]
    code = code_fingerprint([*texts, json.dumps(plan.options), *runs[0].extra])
    return f"data {data}\ncode {code}", Executor(plan.processes or suitable_processes(gpus), gpus, scheduler)


def run_comparison(
    plan: Plan, folder: Path, extra: list[str], scheduler: str | None
) -> tuple[list[RunTask], list[Outcome]]:
    """Train every unfinished run of the plan; return all runs and the outcomes of the failed ones.

    Args:
        plan: of the comparison.
        folder: of the comparison; its comparison.json lists the runs, other runs in it are left alone.
        extra: further options of `seg fit` for all runs.
        scheduler: address of a Dask scheduler, or None.

    Raises:
        ValueError: the data or an option is invalid.
    """
    runs = plan.runs(extra)
    fingerprint, executor = inspect_inputs(plan, runs, scheduler)
    tuned = tuning.tune(plan, runs, folder, fingerprint, partial(train, executor))
    tasks = [run.with_options(tuned.get(run.name, {})).task(folder / "runs", fingerprint) for run in runs]
    folder.mkdir(parents=True, exist_ok=True)
    listed = {"runs": [str(task.folder.relative_to(folder)) for task in tasks]}
    (folder / COMPARISON).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return tasks, train(executor, tasks)


def train(executor: Executor, runs: list[RunTask]) -> list[Outcome]:
    """Train the unfinished runs, show a live table, and return the failures.

    Args:
        executor: trains.
        runs: finished or not.

    Raises:
        ValueError: an option is invalid.
    """
    missing = [run for run in runs if not is_finished(run)]
    if not missing:
        return []
    failed = []
    with ProgressTable(missing, len(runs) - len(missing)) as table:
        for outcome in executor.execute(missing, table.show):
            if outcome.exit_code == WRONG_USAGE:
                raise ValueError(outcome.last_log_line.removeprefix("seg: error: "))
            table.end(outcome)
            failed += [outcome] if outcome.exit_code else []
    return failed


def preview(plan: Plan, folder: Path, extra: list[str], scheduler: str | None) -> None:
    """Print which runs the comparison would train, and how long they would take on this machine.

    Args:
        plan: of the comparison.
        folder: of the comparison; finished runs in it are not trained again.
        extra: further options of `seg fit` for all runs.
        scheduler: address of a Dask scheduler, or None.

    Raises:
        RuntimeError: an arm does not train.
        ValueError: the data or an option is invalid.
    """
    runs = plan.runs(extra)
    fingerprint, executor = inspect_inputs(plan, runs, scheduler)
    processes = executor.processes
    costs = estimate.measure(runs, lambda tasks: list(execute(tasks, processes, executor.gpus, lambda *_: None)))
    tasks = [run.task(folder / "runs", fingerprint) for run in runs]
    missing = [costs[task.name].seconds() for task in tasks if not is_finished(task)]
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(estimate.tabulate(costs, tasks))
    if plan.tune:
        epochs = plan.tune.options.get("trainer.max_epochs")
        trials = tuning.planned_trials(plan, runs, folder, fingerprint)
        untried = [
            costs[arm].seconds(epochs) for arm, tried in trials.items() for _, task in tried if not is_finished(task)
        ]
        console.print(f"{plan.tune.trials} trials per arm before, {len(untried)} of them missing")
        missing += untried
    time = estimate.duration(estimate.makespan(missing, processes))
    console.print(f"{len(missing)} runs, {processes} at a time: about {time}, then the report")
