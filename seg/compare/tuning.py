"""Hyper-parameter search on validation, with the same number of trials for every arm."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from seg.analysis.trials import TRIALS
from seg.compare.plan import Plan, Tuning
from seg.compare.run_state import is_finished
from seg.compare.run_task import PlannedRun, RunTask
from seg.record import RunRecord


def tune(
    plan: Plan,
    runs: list[PlannedRun],
    folder: Path,
    fingerprint: str,
    train: Callable[[list[RunTask]], object],
) -> dict[str, dict[str, Any]]:
    """Return arm -> the options that scored best on validation, and write all trials to tuning.json.

    The trials of all arms are trained together: none depends on the result of another.

    Args:
        plan: of the comparison, with or without `tune`.
        runs: of the plan.
        folder: of the comparison.
        fingerprint: of data and code.
        train: trains the unfinished runs among those given.

    Raises:
        RuntimeError: every trial of an arm failed.
    """
    trials = planned_trials(plan, runs, folder, fingerprint)
    if not trials:
        (folder / TRIALS).unlink(missing_ok=True)
        return {}
    train([task for tried in trials.values() for _, task in tried])
    chosen, scored = {}, {}
    for arm, tried in trials.items():
        scores = [_score(task) for _, task in tried]
        scored[arm] = [{"options": options, "score": score} for (options, _), score in zip(tried, scores, strict=True)]
        best = max((score for score in scores if score is not None), default=None)
        if best is None:
            raise RuntimeError(f"every trial of {arm} failed: see log.txt in {tried[0][1].folder}")
        chosen[arm] = tried[scores.index(best)][0]
    content = {arm: {"chosen": chosen[arm], "trials": scored[arm]} for arm in chosen}
    (folder / TRIALS).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return chosen


def planned_trials(
    plan: Plan, runs: list[PlannedRun], folder: Path, fingerprint: str
) -> dict[str, list[tuple[dict[str, Any], RunTask]]]:
    """Return arm -> its trials as (options, task); an empty dictionary without `tune`.

    Args:
        plan: of the comparison.
        runs: of the plan; a trial is a run of an arm with the seed and the options of `tune`.
        folder: of the comparison.
        fingerprint: of data and code.
    """
    tuning = plan.tune
    if tuning is None:
        return {}
    arms = {run.name: replace(run, seed=tuning.seed).with_options(tuning.options) for run in runs}
    return {
        name: [
            (options, arm.with_options(options | {"score_test": False}).task(folder / "trials", fingerprint))
            for options in _points(tuning, name)
        ]
        for name, arm in arms.items()
    }


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
