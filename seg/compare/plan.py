"""The plan of a comparison, read from YAML and checked."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from seg.compare.run_task import PlannedRun

KEYS = "configs, data, losses, arms, seeds, options, tune, processes"


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
    def read(cls, name: str, fields: dict[str, Any], folder: Path) -> "Arm":
        """Build an arm from the YAML.

        Args:
            name: of the arm.
            fields: its mapping in the YAML.
            folder: to which its paths are relative.

        Raises:
            TypeError: a key is unknown or missing.
        """
        arm = cls(name, **fields)
        return cls(name, folder / arm.loss, dict(arm.options))


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
        processes: runs trained at the same time, each on one core or GPU; all cores or GPUs if None.
    """

    configs: list[Path]
    data: Path
    arms: list[Arm]
    seeds: list[int]
    options: dict[str, Any] = field(default_factory=dict)
    tune: Tuning | None = None
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
        except (TypeError, ValueError, AttributeError, KeyError, yaml.YAMLError) as error:
            raise ValueError(f"{path} is not a comparison ({KEYS}): {error}") from error
        plan._check(path)
        return plan

    @classmethod
    def _read(cls, fields: dict[str, Any], folder: Path) -> "Plan":
        losses = [folder / loss for loss in fields.pop("losses", [])]
        arms = [Arm(loss.stem, loss) for loss in losses]
        arms += [Arm.read(name, arm, folder) for name, arm in fields.pop("arms", {}).items()]
        tune, processes = fields.pop("tune", None), fields.pop("processes", None)
        plan = cls(arms=arms, **fields)
        return cls(
            configs=[folder / config for config in plan.configs],
            data=folder / plan.data,
            arms=arms,
            seeds=[int(seed) for seed in plan.seeds],
            options=dict(plan.options),
            tune=Tuning(**tune) if tune else None,
            processes=None if processes is None else int(processes),
        )

    def _check(self, path: Path) -> None:
        for named in (*self.configs, self.data, *(arm.loss for arm in self.arms)):
            if not named.is_file():
                raise FileNotFoundError(f"{path} names a file that does not exist: {named}")
        names = [arm.name for arm in self.arms]
        for key, values in (("losses and arms", names), ("seeds", self.seeds)):
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{path}: {key} must be at least one and all different, got {values}")
        if self.processes is not None and self.processes < 1:
            raise ValueError(f"{path}: processes must be >= 1, got {self.processes}")
        if self.tune:
            _check_tuning(self.tune, names, path)

    def runs(self, extra: list[str]) -> list[PlannedRun]:
        """Return all runs, seed by seed, so that an unfinished comparison has results of every arm.

        Args:
            extra: more options of `seg fit` for all runs, e.g. ["--data.source.init_args.root", "elsewhere"].
        """
        return [self._run(arm, seed, extra) for seed in self.seeds for arm in self.arms]

    def _run(self, arm: Arm, seed: int, extra: list[str]) -> PlannedRun:
        files = [f"--config={config}" for config in self.configs]
        files += [f"--data={self.data}", f"--model.loss={arm.loss}"]
        return PlannedRun(arm.name, seed, tuple(files), self.options | arm.options, tuple(extra))


def _check_tuning(tune: Tuning, arms: list[str], path: Path) -> None:
    if unknown := sorted(set(tune.arms) - set(arms)):
        raise ValueError(f"{path}: tune.arms names {', '.join(unknown)}, the arms are {', '.join(arms)}")
    for arm in arms:
        points = 1
        for values in tune.grid(arm).values():
            points *= len(values)
        if not 1 <= tune.trials <= points:
            raise ValueError(
                f"{path}: tune.trials must be from 1 to the points of the smallest grid, so that all arms "
                f"have as many: {tune.trials} trials, but {arm} has {points} point(s)"
            )
