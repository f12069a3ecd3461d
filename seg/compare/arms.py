"""The arms of a comparison, found by what they trained with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seg.record import RunRecord


@dataclass(frozen=True)
class Arms:
    """The runs of a comparison by the name of their arm."""

    runs: dict[str, list[RunRecord]]

    @classmethod
    def of(cls, runs: dict[Path, RunRecord]) -> "Arms":
        """Sort the runs."""
        by_name: dict[str, list[RunRecord]] = {}
        for record in runs.values():
            by_name.setdefault(record.name, []).append(record)
        return cls(by_name)

    def trained_with(self, class_name: str) -> str | None:
        """Return the arm of a loss, the usual one where several train with it: a trained encoder, a falling rate.

        A sum of losses is known by its last term, which was added to the ones before.
        """
        names = [name for name, runs in self.runs.items() if _loss_class(runs[0]) == class_name]
        return min(names, key=self._oddity, default=None)

    def _oddity(self, name: str) -> tuple[bool, bool, str]:
        model = flat_model(self.runs[name][0])
        return bool(model.get("network.freeze_encoder")), model.get("schedule", "") is None, name

    def with_and_without(self, key: str) -> tuple[str, str] | None:
        """Return two arms that differ in nothing but that the first has something under the key and the second has not.

        Args:
            key: "schedule" or "network.freeze_encoder".
        """
        models = {name: flat_model(runs[0]) for name, runs in self.runs.items()}
        for one, model in models.items():
            for other, without in models.items():
                if _has(model, key) and not _has(without, key) and _rest(model, key) == _rest(without, key):
                    return one, other
        return None


def _loss_class(record: RunRecord) -> str:
    path, loss = record.loss, record.config["model"].get("loss", {})
    while terms := loss.get("init_args", {}).get("terms"):
        loss = list(terms.values())[-1]["loss"]
        path = loss["class_path"]
    return path.rpartition(".")[2]


def flat_model(record: RunRecord) -> dict[str, Any]:
    """Return the model's configuration with keys like "network.options.decoder_channels"."""
    return _flatten(record.config["model"], "")


def _flatten(value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {key: value}
    nested = [_flatten(item, f"{key}.{name}" if key else name) for name, item in value.items()]
    return {name: item for each in nested for name, item in each.items()}


def _has(model: dict[str, Any], key: str) -> bool:
    return any(value for name, value in model.items() if _belongs(name, key))


def _rest(model: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in model.items() if not _belongs(name, key) and name != "seed"}


def _belongs(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}.")
