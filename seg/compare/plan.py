"""The plan of a comparison, read from YAML and checked."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from seg.compare.plan_checks import check_name, check_whole, read_fields, strings
from seg.compare.run_task import PlannedRun

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
_LARGEST_SEED = 2**32 - 1  # of NumPy


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
class Tuning:
    """Hyper-parameter search on validation, with the same number of trials for each arm.

    Attributes:
        trials: per arm.
        seed: of the trials' trainings, and of their order.
        options: of `seg fit` for a trial, e.g. a shorter training.
        search: option -> values to try, for every arm.
        arms: arm -> further options and values, for that arm alone.
    """

    trials: int
    search: dict[str, list[Any]] = field(default_factory=dict)
    arms: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 1000

    @classmethod
    def read(cls, content: Any) -> "Tuning | None":
        """Build the search from the YAML, if there is one.

        Raises:
            TypeError: a value is of another type.
            ValueError: a key is missing or unknown.
        """
        if content is None:
            return None
        keys = {"trials": int, "seed": int, "search": dict, "arms": dict, "options": dict}
        tuning = cls(**read_fields(content, keys, {"trials"}, "tune"))
        for name, grid in (("search", tuning.search), *tuning.arms.items()):
            read_fields(grid, dict.fromkeys(grid, list) if isinstance(grid, dict) else {}, set(), f"tune, {name}")
        return tuning

    def check(self, arms: list[str]) -> None:
        """Check that every arm can have as many different trials.

        Raises:
            ValueError: an arm is unknown, or a number is out of range.
        """
        check_whole("tune.seed", self.seed, 0, _LARGEST_SEED)
        if unknown := sorted(set(self.arms) - set(arms)):
            raise ValueError(f"tune.arms names {', '.join(unknown)}, the arms are {', '.join(arms)}")
        for arm in arms:
            points = math.prod(len(values) for values in self.grid(arm).values())
            if not 1 <= self.trials <= points:
                raise ValueError(
                    f"tune.trials must be from 1 to the points of the smallest grid, so that all arms have as many: "
                    f"{self.trials} trials, but {arm} has {points} point(s)"
                )

    def grid(self, arm: str) -> dict[str, list[Any]]:
        """Return option -> values of an arm."""
        return self.search | self.arms.get(arm, {})


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
        seeds = [check_whole("seeds", seed, 0, _LARGEST_SEED) for seed in self.seeds]
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
