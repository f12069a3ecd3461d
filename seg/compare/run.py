"""`seg compare`: inspect the inputs, tune hyper-parameters, train the missing runs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from seg.compare import estimate, local, tuning
from seg.compare.doubts import keep_doubts, print_doubts, read_doubts
from seg.compare.executor import Executor
from seg.compare.plan import Plan
from seg.compare.run_state import Outcome, is_finished
from seg.compare.run_task import MakeTask, PlannedRun, RunTask
from seg.data.writing import write_file
from seg.record import read_json
from seg.runs import COMPARISON


def inspect_inputs(
    plan: Plan, runs: list[PlannedRun], scheduler: str | None, folder: Path | None = None
) -> tuple[MakeTask, Executor]:
    """Read the data, print what is doubtful with it, and check the options.

    Args:
        plan: of the comparison.
        runs: all that may be trained.
        scheduler: address of a Dask scheduler, or None.
        folder: of the comparison, which keeps the doubts for the next time; None keeps nothing.

    Returns:
        What gives a run its identity and folder, and the executor.

    Raises:
        ValueError: the data or an option is invalid.
    """
    commands = {run.settings: run.task(Path("runs"), "").args for run in runs}
    known = read_doubts(folder)
    found, gpus, doubts = local.resolve(list(commands.values()), known)
    print_doubts(doubts)
    if folder and doubts != known:
        keep_doubts(folder, doubts)
    fingerprints = dict(zip(commands, found, strict=True))
    processes = plan.processes or local.suitable_processes(gpus)
    return lambda run, parent: run.task(parent, fingerprints[run.settings]), Executor(processes, gpus, scheduler)


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
        RuntimeError: another comparison is running in the folder, or every trial of an arm failed.
        ValueError: the data or an option is invalid.
    """
    runs = plan.runs(extra)
    trials = tuning.plan_trials(plan, runs)
    make_task, executor = inspect_inputs(plan, tuning.all_runs(runs, trials), scheduler, folder)
    with _only_one_in(folder):
        tuned = tuning.tune(trials, folder, make_task, executor.train)
        tasks = [make_task(run.with_options(tuned.get(run.name, {})), folder / "runs") for run in runs]
        listed = {
            "runs": [task.folder.relative_to(folder).as_posix() for task in tasks],
            "looks": earlier_looks(folder),
        }
        write_file(folder / COMPARISON, (json.dumps(listed, indent=1) + "\n").encode())
        return tasks, executor.train(tasks)


def earlier_looks(folder: Path) -> list[Any]:
    """Return the looks at the verdict that reports wrote into comparison.json, see seg.analysis.looks.

    Args:
        folder: of the comparison.
    """
    try:
        looks: list[Any] = read_json(folder / COMPARISON, "it is written anew").get("looks", [])
    except (FileNotFoundError, ValueError):
        return []
    return looks


@contextmanager
def _only_one_in(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=0):
            yield
    except Timeout as error:
        raise RuntimeError(f"another comparison is running in {folder}: wait for it, or give another --out") from error


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
    trials = tuning.plan_trials(plan, runs)
    tried = tuning.trained_trials(trials)
    make_task, executor = inspect_inputs(plan, [*runs, *tried], scheduler)
    processes = executor.processes
    costs = estimate.measure(runs, lambda tasks: list(local.execute(tasks, processes, executor.gpus, lambda *_: None)))
    tasks = [make_task(run, folder / "runs") for run in runs]
    missing = [costs[task.name].seconds() for task in tasks if not is_finished(task)]
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(estimate.tabulate(costs, tasks))
    if plan.tune:
        untried = [run for run in tried if not is_finished(make_task(run, folder / tuning.FOLDER))]
        console.print(f"{plan.tune.trials} trials per arm before, {len(untried)} trainings of them missing")
        missing += [costs[run.name].seconds(run.options.get("trainer.max_epochs")) for run in untried]
    time = estimate.duration(estimate.makespan(missing, processes))
    console.print(f"{len(missing)} runs, {processes} at a time: about {time}, then the report")
