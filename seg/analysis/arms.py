"""The arms of a comparison, looked up by their configuration."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from seg.record import RunRecord
from seg.run_config import ClassConfig


@dataclass(frozen=True)
class TrainedArms:
    """The arms of a comparison.

    Attributes:
        runs: by the name of their arm.
        tuned: options that each arm chose on validation, e.g. "model.optimizer.init_args.lr"; they do not count as a
            difference between arms.
    """

    runs: dict[str, list[RunRecord]]
    tuned: frozenset[str] = frozenset()

    @classmethod
    def of(cls, runs: dict[Path, RunRecord], tuned: Iterable[str] = ()) -> "TrainedArms":
        """Sort the runs by arm.

        Args:
            runs: folder -> record.
            tuned: options that each arm chose on validation.
        """
        by_name: dict[str, list[RunRecord]] = {}
        for record in runs.values():
            by_name.setdefault(record.name, []).append(record)
        return cls(by_name, frozenset(tuned))

    def trained_with(self, class_name: str) -> str | None:
        """Return the arm that trains with a loss, the most usual one of several; None: there is none.

        The most usual arm is the one from which most other arms differ in nothing but the loss; of equals, one with a
        trained encoder and a falling learning rate. A sum of losses counts as its last term.
        """
        names = [name for name, runs in self.runs.items() if _loss_class(runs[0]) == class_name]
        return min(names, key=self._oddity, default=None)

    def _oddity(self, name: str) -> tuple[int, bool, bool, str]:
        own = self._settings[name]
        alike = sum(_rest(own, "model.loss") == _rest(other, "model.loss") for other in self._settings.values())
        frozen = "model.freeze.stages" in own
        return -alike, frozen, own.get("model.schedule", "") is None, name

    def with_and_without(self, key: str) -> list[tuple[str, str]]:
        """Return the pairs of arms that differ only in that the first has something under the key.

        Args:
            key: e.g. "model.schedule" or "model.freeze".
        """
        return [
            (one, other)
            for one, having in self._settings.items()
            for other, lacking in self._settings.items()
            if _has(having, key) and not _has(lacking, key) and _rest(having, key) == _rest(lacking, key)
        ]

    def setting(self, name: str, key: str, default: Any) -> Any:
        """Return an option of an arm.

        Args:
            name: of the arm.
            key: e.g. "model.freeze.stages".
            default: where the arm's configuration lacks it.
        """
        return self._settings[name].get(key, default)

    def schedule(self, name: str) -> str:
        """Return the class of an arm's schedule, "" for a constant rate."""
        schedule = self.runs[name][0].config.schedule
        return schedule.name if schedule else ""

    @cached_property
    def _settings(self) -> dict[str, dict[str, Any]]:
        known = {name: settings(runs[0]) for name, runs in self.runs.items()}
        for key in self.tuned:
            known = {name: _rest(each, key) for name, each in known.items()}
        return known


def _loss_class(record: RunRecord) -> str:
    loss = record.config.loss
    while terms := loss.init_args.get("terms"):
        loss = ClassConfig.of(list(terms.values())[-1]["loss"])
    return loss.name


def settings(record: RunRecord) -> dict[str, Any]:
    """Return the configuration with keys like "model.freeze.stages", without seeds, folds and loggers."""
    flat = _flatten({part: record.config.raw.get(part, {}) for part in ("model", "data", "trainer")}, "")
    apart = ("model.seed", "data.seed", "data.fold", "trainer.logger")
    return {name: value for name, value in flat.items() if not any(_belongs(name, key) for key in apart)}


def _flatten(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {key: value}
    nested = [_flatten(item, f"{key}.{name}" if key else name) for name, item in value.items()]
    return {name: item for each in nested for name, item in each.items()}


def _has(model: dict[str, Any], key: str) -> bool:
    return any(value for name, value in model.items() if _belongs(name, key))


def _rest(model: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in model.items() if not _belongs(name, key)}


def _belongs(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}.")
