"""Hyper-parameter search on validation, with the same number of trials for every arm."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seg.analysis.trials import TRIALS
from seg.compare.plan import Plan, Tuning
from seg.compare.run_state import is_finished
from seg.compare.run_task import MakeTask, PlannedRun, RunTask
from seg.data.writing import write_file
from seg.record import RunRecord

FOLDER = "trials"


@dataclass(frozen=True)
class Trial:
    """One point of an arm's grid.

    Attributes:
        options: of `seg fit`, that the arm gets if the trial is the best.
        run: the training that scores them on validation.
    """

    options: dict[str, Any]
    run: PlannedRun


def plan_trials(plan: Plan, runs: list[PlannedRun]) -> dict[str, list[Trial]]:
    """Return arm -> its trials; an empty dictionary without `tune`.

    Args:
        plan: of the comparison.
        runs: of the plan; a trial is a run of an arm with the seed and the options of `tune`.
    """
    tuning = plan.tune
    if tuning is None:
        return {}
    arms = {run.name: replace(run, seed=tuning.seed).with_options(tuning.options) for run in runs}
    return {
        name: [Trial(point, arm.with_options(point | {"score_test": False})) for point in _points(tuning, name)]
        for name, arm in arms.items()
    }


def all_runs(runs: list[PlannedRun], trials: dict[str, list[Trial]]) -> list[PlannedRun]:
    """Return all that may be trained: the trials, and the runs with whatever options may be chosen.

    Args:
        runs: of the plan.
        trials: arm -> its trials, perhaps none.
    """
    if not trials:
        return runs
    tried = [trial.run for of_arm in trials.values() for trial in of_arm]
    return tried + [run.with_options(trial.options) for run in runs for trial in trials[run.name]]


def tune(
    trials: dict[str, list[Trial]], folder: Path, make_task: MakeTask, train: Callable[[list[RunTask]], object]
) -> dict[str, dict[str, Any]]:
    """Return arm -> the options that scored best on validation, and write all trials to tuning.json.

    The trials of all arms are trained together: none depends on the result of another.

    Args:
        trials: arm -> its trials, perhaps none.
        folder: of the comparison.
        make_task: gives a run its folder.
        train: trains the unfinished runs among those given.

    Raises:
        RuntimeError: every trial of an arm failed.
    """
    if not trials:
        (folder / TRIALS).unlink(missing_ok=True)
        return {}
    tasks = {arm: [make_task(trial.run, folder / FOLDER) for trial in tried] for arm, tried in trials.items()}
    train([task for of_arm in tasks.values() for task in of_arm])
    content = {arm: _choose(tried, tasks[arm]) for arm, tried in trials.items()}
    write_file(folder / TRIALS, (json.dumps(content, indent=1) + "\n").encode())
    return {arm: chosen["chosen"] for arm, chosen in content.items()}


def _choose(trials: list[Trial], tasks: list[RunTask]) -> dict[str, Any]:
    scores = [_score(task) for task in tasks]
    best = max((score for score in scores if score is not None), default=None)
    if best is None:
        raise RuntimeError(f"every trial of {tasks[0].name} failed: see log.txt in {tasks[0].folder}")
    scored = [{"options": trial.options, "score": score} for trial, score in zip(trials, scores, strict=True)]
    return {"chosen": trials[scores.index(best)].options, "trials": scored}


def _points(tuning: Tuning, arm: str) -> list[dict[str, Any]]:
    """Draw different points of the grid at random."""
    import optuna  # noqa: PLC0415  # takes a second to load

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    grid = tuning.grid(arm)
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(grid, seed=tuning.seed))
    points = []
    for _ in range(tuning.trials):
        trial = study.ask()
        points.append({key: trial.suggest_categorical(key, values) for key, values in grid.items()})
    return points


def _score(task: RunTask) -> float | None:
    if not is_finished(task):
        return None
    record = RunRecord.load(task.folder)
    return record.validation.mean(record.rank_by) if record.validation else None
