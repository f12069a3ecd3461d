"""`seg compare`: look at data and machine, choose hyper-parameters, train what is missing."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from seg.compare import estimate, tuning
from seg.compare.cluster import execute_on_cluster
from seg.compare.execute import Progress, execute, look_at_data, suitable_processes
from seg.compare.live import LiveTable
from seg.compare.origin import code_fingerprint
from seg.compare.plan import Plan, PlannedRun
from seg.compare.states import Outcome, is_finished
from seg.record import COMPARISON

WRONG_USAGE = 2


@dataclass(frozen=True)
class Site:
    """Where runs are trained.

    Attributes:
        processes: at a time on this machine.
        gpus: of this machine.
        scheduler: address of a Dask cluster that trains instead, or None.
    """

    processes: int
    gpus: int
    scheduler: str | None

    def execute(self, runs: list[PlannedRun], progress: Progress) -> Iterator[Outcome]:
        """Train runs; see seg.compare.execute."""
        if self.scheduler:
            return execute_on_cluster(self.scheduler, runs, progress)
        return execute(runs, self.processes, self.gpus, progress)


def survey(plan: Plan, extra: list[str], scheduler: str | None) -> tuple[str, Site]:
    """Read the data once, check the options, and return the fingerprint of data and code, and where to train.

    Raises:
        ValueError: the data or an option is unfit.
    """
    sample = plan.run(plan.arms[0], plan.seeds[0], Path("runs"), extra, "", {})
    fingerprint, gpus = look_at_data(sample.args)
    files = [*plan.configs, plan.data, *(arm.loss for arm in plan.arms)]
    code = code_fingerprint([*(file.read_text(encoding="utf-8") for file in files), json.dumps(plan.options), *extra])
    return f"data {fingerprint}\ncode {code}", Site(plan.processes or suitable_processes(gpus), gpus, scheduler)


def conduct(
    plan: Plan, folder: Path, extra: list[str], scheduler: str | None
) -> tuple[list[PlannedRun], list[Outcome]]:
    """Train every run of the plan that is not finished; return all runs, and how those that failed have ended.

    Args:
        plan: of the comparison.
        folder: of the comparison; comparison.json in it lists its runs, others are kept and not looked at.
        extra: more options of `seg fit` for all runs.
        scheduler: address of a Dask scheduler, or None.

    Raises:
        ValueError: the data or an option is unfit.
    """
    origin, site = survey(plan, extra, scheduler)
    tuned = tuning.tune(plan, folder, extra, origin, partial(train, site))
    runs = plan.runs(folder, extra, origin, tuned)
    folder.mkdir(parents=True, exist_ok=True)
    listed = {"runs": [str(run.folder.relative_to(folder)) for run in runs]}
    (folder / COMPARISON).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return runs, train(site, runs)


def train(site: Site, runs: list[PlannedRun]) -> list[Outcome]:
    """Train what is not finished, with a live table, and return the failures.

    Raises:
        ValueError: an option is unfit.
    """
    missing = [run for run in runs if not is_finished(run)]
    if not missing:
        return []
    failed = []
    with LiveTable(missing, len(runs) - len(missing)) as table:
        for outcome in site.execute(missing, table.show):
            if outcome.exit_code == WRONG_USAGE:
                raise ValueError(outcome.last_words.removeprefix("seg: error: "))
            table.end(outcome)
            failed += [outcome] if outcome.exit_code else []
    return failed


def preview(plan: Plan, folder: Path, extra: list[str], scheduler: str | None) -> None:
    """Print what the comparison would train, and how long it would take on this machine.

    Raises:
        RuntimeError: an arm does not train.
        ValueError: the data or an option is unfit.
    """
    origin, site = survey(plan, extra, scheduler)
    costs = estimate.measure(plan, extra, lambda runs: list(execute(runs, site.processes, site.gpus, lambda *_: None)))
    runs = plan.runs(folder, extra, origin)
    missing = [costs[run.name].seconds() for run in runs if not is_finished(run)]
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(estimate.tabulate(costs, runs))
    if plan.tune:
        epochs = plan.tune.options.get("trainer.max_epochs")
        trials = tuning.planned_trials(plan, folder, extra, origin)
        untried = [
            costs[arm].seconds(epochs) for arm, tried in trials.items() for _, run in tried if not is_finished(run)
        ]
        console.print(f"{plan.tune.trials} trials per arm before, {len(untried)} of them missing")
        missing += untried
    time = estimate.duration(estimate.makespan(missing, site.processes))
    console.print(f"{len(missing)} runs, {site.processes} at a time: about {time}, then the report")
