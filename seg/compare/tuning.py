"""Hyper-parameter search on validation, with the same number of trials for every arm."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seg.analysis.trials import TRIALS
from seg.compare.plan import Plan
from seg.compare.run_state import is_finished
from seg.compare.run_task import MakeTask, PlannedRun, RunTask
from seg.data.writing import write_file
from seg.record import RunRecord

FOLDER = "trials"

#: Arm -> number of the trial -> score of the last round that it was trained in; None: it failed.
Scores = dict[str, dict[int, float | None]]


@dataclass(frozen=True)
class Trial:
    """One point of an arm's search.

    Attributes:
        options: of `seg fit`, that the arm gets if the trial is the best.
        rounds: the trainings that score them on validation, each longer than the one before.
    """

    options: dict[str, Any]
    rounds: tuple[PlannedRun, ...]


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
        name: [Trial(point, _rounds(arm.with_options(point), tuning.halving)) for point in tuning.points(name)]
        for name, arm in arms.items()
    }


def _rounds(run: PlannedRun, halving: list[int]) -> tuple[PlannedRun, ...]:
    trial = run.with_options({"score_test": False})
    return tuple(trial.with_options({"trainer.max_epochs": epochs}) for epochs in halving) or (trial,)


def all_runs(runs: list[PlannedRun], trials: dict[str, list[Trial]]) -> list[PlannedRun]:
    """Return all that may be trained: the trials, and the runs with whatever options may be chosen.

    Args:
        runs: of the plan.
        trials: arm -> its trials, perhaps none.
    """
    if not trials:
        return runs
    tried = [run for of_arm in trials.values() for trial in of_arm for run in trial.rounds]
    return tried + [run.with_options(trial.options) for run in runs for trial in trials[run.name]]


def trained_trials(trials: dict[str, list[Trial]]) -> list[PlannedRun]:
    """Return as many trainings of trials as there will be, of each round: which ones are trained longer is not known.

    Args:
        trials: arm -> its trials, perhaps none.
    """
    trained = []
    for of_arm in trials.values():
        left = len(of_arm)
        for number in range(len(of_arm[0].rounds)):
            trained += [trial.rounds[number] for trial in of_arm[:left]]
            left = -(-left // 2)
    return trained


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
    running = {arm: list(range(len(tried))) for arm, tried in trials.items()}
    scores: Scores = {arm: {} for arm in trials}
    for number in range(len(next(iter(trials.values()))[0].rounds)):
        if number:
            running = {arm: _better_half(numbers, scores[arm]) for arm, numbers in running.items()}
        tasks = {
            arm: {trial: make_task(trials[arm][trial].rounds[number], folder / FOLDER) for trial in numbers}
            for arm, numbers in running.items()
        }
        train([task for of_arm in tasks.values() for task in of_arm.values()])
        for arm, of_arm in tasks.items():
            scores[arm] |= _scores(arm, of_arm)
    content = {arm: _choose(trials[arm], running[arm], scores[arm]) for arm in trials}
    write_file(folder / TRIALS, (json.dumps(content, indent=1) + "\n").encode())
    return {arm: chosen["chosen"] for arm, chosen in content.items()}


def _better_half(numbers: list[int], scores: Mapping[int, float | None]) -> list[int]:
    """Return half of the trials, rounded up, the better ones; those that failed are the worst."""
    ranked = sorted(numbers, key=lambda number: _merit(scores[number]), reverse=True)
    return sorted(ranked[: -(-len(ranked) // 2)])


def _merit(score: float | None) -> float:
    return -math.inf if score is None else score


def _scores(arm: str, tasks: Mapping[int, RunTask]) -> dict[int, float | None]:
    """Return the scores of a round; RuntimeError where all trials failed."""
    scores = {number: _score(task) for number, task in tasks.items()}
    if all(score is None for score in scores.values()):
        raise RuntimeError(f"every trial of {arm} failed: see log.txt in {next(iter(tasks.values())).folder}")
    return scores


def _choose(trials: list[Trial], last: list[int], scores: Mapping[int, float | None]) -> dict[str, Any]:
    """Return the best trial of the last round, and all trials with the score of the last round that they reached."""
    best = max(last, key=lambda number: _merit(scores[number]))
    scored = [
        {"options": trial.options, "score": scores[number], "last_round": number in last}
        for number, trial in enumerate(trials)
    ]
    return {"chosen": trials[best].options, "trials": scored}


def _score(task: RunTask) -> float | None:
    if not is_finished(task):
        return None
    record = RunRecord.load(task.folder)
    return record.validation.mean(record.rank_by) if record.validation else None
