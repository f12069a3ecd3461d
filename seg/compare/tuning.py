"""Hyper-parameters that every arm chooses on validation, with the same number of trials."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seg.compare.plan import Arm, Plan, PlannedRun, Tuning
from seg.compare.states import is_finished
from seg.record import RunRecord

FILE_NAME = "tuning.json"


def tune(
    plan: Plan, folder: Path, extra: list[str], origin: str, train: Callable[[list[PlannedRun]], object]
) -> dict[str, dict[str, Any]]:
    """Return arm -> the options that were best on validation, and write all trials to tuning.json; without it, none.

    The trials of all arms are trained at once: which ones they are does not depend on how others went.

    Args:
        plan: of the comparison, with or without `tune`.
        folder: of the comparison.
        extra: more options of `seg fit`.
        origin: fingerprint of data and code.
        train: trains runs that are not finished.

    Raises:
        RuntimeError: every trial of an arm failed.
    """
    trials = planned_trials(plan, folder, extra, origin)
    if not trials:
        (folder / FILE_NAME).unlink(missing_ok=True)
        return {}
    train([run for tried in trials.values() for _, run in tried])
    chosen, told = {}, {}
    for arm, tried in trials.items():
        scores = [_score(run) for _, run in tried]
        told[arm] = [{"options": options, "score": score} for (options, _), score in zip(tried, scores, strict=True)]
        best = max((score for score in scores if score is not None), default=None)
        if best is None:
            raise RuntimeError(f"every trial of {arm} failed: see log.txt in {tried[0][1].folder}")
        chosen[arm] = tried[scores.index(best)][0]
    content = {arm: {"chosen": chosen[arm], "trials": told[arm]} for arm in chosen}
    (folder / FILE_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return chosen


def load(folder: Path) -> dict[str, Any]:
    """Return arm -> its choice and its trials, as `tune` wrote them; nothing where nothing was tuned."""
    file = folder / FILE_NAME
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return told


def planned_trials(
    plan: Plan, folder: Path, extra: list[str], origin: str
) -> dict[str, list[tuple[dict[str, Any], PlannedRun]]]:
    """Return arm -> its trials, as options and run."""
    tuning = plan.tune
    if tuning is None:
        return {}

    def trial(arm: Arm, options: dict[str, Any]) -> tuple[dict[str, Any], PlannedRun]:
        chosen = tuning.options | options | {"score_test": False}
        return options, plan.run(arm, tuning.seed, folder / "trials", extra, origin, chosen)

    return {arm.name: [trial(arm, options) for options in _points(tuning, arm.name)] for arm in plan.arms}


def _points(tuning: Tuning, arm: str) -> list[dict[str, Any]]:
    """Draw points of the grid, each at most once."""
    import optuna  # noqa: PLC0415  # takes a second to load

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    grid = tuning.grid(arm)
    study = optuna.create_study(sampler=optuna.samplers.GridSampler(grid, seed=tuning.seed))
    points = []
    for _ in range(tuning.trials):
        trial = study.ask()
        points.append({key: trial.suggest_categorical(key, values) for key, values in grid.items()})
    return points


def _score(run: PlannedRun) -> float | None:
    if not is_finished(run):
        return None
    record = RunRecord.load(run.folder)
    return record.validation.mean(record.rank_by) if record.validation else None
