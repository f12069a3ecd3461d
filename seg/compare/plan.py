"""The plan of a comparison, read from YAML and checked."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from seg.compare.plan_checks import LARGEST_SEED, check_name, check_whole, read_fields, strings
from seg.compare.run_task import PlannedRun
from seg.compare.search import Tuning

_KEYS = {
    "configs": list,
    "data": str,
    "losses": list,
    "arms": dict,
    "seeds": list,
    "options": dict,
    "tune": dict,
    "folds": int,
    "processes": int,
}


@dataclass(frozen=True)
class Arm:
    """One alternative of the comparison: a loss, and further options of `seg fit` if it differs in more than the loss.

    Attributes:
        name: used in tables and folders.
        loss: its configuration file.
        options: e.g. {model.schedule: null}.
    """

    name: str
    loss: Path
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, content: Any, folder: Path) -> "Arm":
        """Build an arm from the YAML.

        Args:
            name: of the arm.
            content: its mapping in the YAML.
            folder: to which its paths are relative.

        Raises:
            TypeError: a value is of another type.
            ValueError: a key is missing or unknown.
        """
        fields = read_fields(content, {"loss": str, "options": dict}, {"loss"}, f"arm {name}")
        return cls(name, folder / fields["loss"], fields.get("options", {}))


@dataclass(frozen=True)
class Plan:
    """The content of a comparison's YAML; its paths are relative to the file.

    Attributes:
        configs: configuration files of `seg fit`; later ones override earlier ones.
        data: the data's configuration file.
        arms: the alternatives. The YAML has `losses`, files whose names become the arms' names, and `arms`, for those
            that differ in more than the loss: {name: {loss: FILE, options: {...}}}.
        seeds: every arm is trained once with each seed.
        options: of `seg fit`, for all runs, e.g. {trainer.max_epochs: 5}; {name} and {seed} are replaced by the run's.
        tune: the hyper-parameter search before the runs, or None.
        folds: of a cross-validation: every run is trained once per fold, and every image tested once; None: one split.
        processes: runs trained at the same time, each on one core or GPU; all cores or GPUs if None.
    """

    configs: list[Path]
    data: Path
    arms: list[Arm]
    seeds: list[int]
    options: dict[str, Any] = field(default_factory=dict)
    tune: Tuning | None = None
    folds: int | None = None
    processes: int | None = None

    @classmethod
    def load(cls, path: Path) -> "Plan":
        """Read and check the YAML.

        Raises:
            FileNotFoundError: it, or a file that it names, does not exist.
            ValueError: a key is missing, unknown or invalid.
        """
        if not path.is_file():
            raise FileNotFoundError(f"no such comparison: {path}")
        try:
            plan = cls._read(yaml.safe_load(path.read_text(encoding="utf-8")), path.parent)
            plan._check()
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{path} names a file that does not exist: {error}") from error
        except (TypeError, ValueError, yaml.YAMLError) as error:
            raise ValueError(f"{path} is not a comparison: {error}") from error
        return plan

    @classmethod
    def _read(cls, content: Any, folder: Path) -> "Plan":
        fields = read_fields(content, _KEYS, {"configs", "data", "seeds"}, "a comparison")
        losses = [folder / loss for loss in strings(fields.pop("losses", []), "losses")]
        arms = [Arm(loss.stem, loss) for loss in losses]
        arms += [Arm.read(name, arm, folder) for name, arm in fields.pop("arms", {}).items()]
        return cls(
            configs=[folder / config for config in strings(fields.pop("configs"), "configs")],
            data=folder / fields.pop("data"),
            arms=arms,
            tune=Tuning.read(fields.pop("tune", None)),
            **fields,
        )

    def _check(self) -> None:
        for named in (*self.configs, self.data, *(arm.loss for arm in self.arms)):
            if not named.is_file():
                raise FileNotFoundError(named)
        names = [check_name(arm.name) for arm in self.arms]
        seeds = [check_whole("seeds", seed, 0, LARGEST_SEED) for seed in self.seeds]
        for key, values in (("losses and arms", names), ("seeds", seeds)):
            if not values or len({str(value).casefold() for value in values}) < len(values):
                raise ValueError(f"{key} must be at least one and all different, got {values}")
        if self.processes is not None:
            check_whole("processes", self.processes, 1)
        if self.folds is not None:
            check_whole("folds", self.folds, 3)
        if self.folds and self.tune:
            raise ValueError("folds and tune exclude each other: what is validated in one fold is tested in another")
        if self.tune:
            self.tune.check(names)

    def runs(self, extra: list[str]) -> list[PlannedRun]:
        """Return all runs, seed by seed and fold by fold: an unfinished comparison has results of every arm.

        Args:
            extra: more options of `seg fit` for all runs, e.g. ["--data.source.init_args.root", "elsewhere"].
        """
        folds = range(self.folds) if self.folds else (None,)
        return [self._run(arm, seed, fold, extra) for seed in self.seeds for fold in folds for arm in self.arms]

    def _run(self, arm: Arm, seed: int, fold: int | None, extra: list[str]) -> PlannedRun:
        files = [f"--config={config}" for config in self.configs]
        files += [f"--data={self.data}", f"--model.loss={arm.loss}"]
        options = self.options | arm.options
        if fold is not None:
            options |= {"data.folds": self.folds, "data.fold": fold}
        return PlannedRun(arm.name, seed, tuple(files), options, tuple(extra), fold)
