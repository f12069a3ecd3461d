"""The plan of a comparison: which runs, each as a command line of `seg fit`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

KEYS = "configs, data, losses, arms, seeds, options, tune, processes"


@dataclass(frozen=True)
class PlannedRun:
    """One training.

    Attributes:
        name: of the arm.
        seed: of the run.
        folder: where it leaves its record; its name ends with a hash of the identity.
        args: of `seg fit`.
        identity: what tells this run from any other: its options, the content of its files, the data, the code.
    """

    name: str
    seed: int
    folder: Path
    args: tuple[str, ...]
    identity: str


@dataclass(frozen=True)
class Arm:
    """What is compared: a loss, and options of `seg fit` where it differs in more than that.

    Attributes:
        name: in tables and folders.
        loss: its configuration file.
        options: e.g. {model.schedule: null}.
    """

    name: str
    loss: Path
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, fields: dict[str, Any], folder: Path) -> "Arm":
        """Take the arm from the YAML; TypeError for an unknown or missing key."""
        arm = cls(name, **fields)
        return cls(name, folder / arm.loss, dict(arm.options))


@dataclass(frozen=True)
class Tuning:
    """Hyper-parameters that each arm may choose on validation, with the same number of trials.

    Attributes:
        trials: per arm.
        seed: of the trials: of their trainings and of their order.
        options: of `seg fit` for a trial, e.g. a shorter training.
        search: for every arm, option -> values to try.
        arms: for one arm, by its name, the same in addition.
    """

    trials: int
    search: dict[str, list[Any]] = field(default_factory=dict)
    arms: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 1000

    def grid(self, arm: str) -> dict[str, list[Any]]:
        """Return what an arm may choose from."""
        return self.search | self.arms.get(arm, {})


@dataclass(frozen=True)
class Plan:
    """What a comparison's YAML says; paths in it are relative to the file.

    Attributes:
        configs: configuration files of `seg fit`, the later win.
        data: the data's configuration file.
        arms: what is compared. The YAML has `losses`, files whose names become the arms' names, and `arms`, for those
            that differ in more than the loss: {name: {loss: FILE, options: {...}}}.
        seeds: every arm is trained once with each.
        options: of `seg fit`, for all runs alike, e.g. {trainer.max_epochs: 5}. {name} and {seed} stand for the run's.
        tune: hyper-parameters to choose first.
        processes: trainings at a time, each on one core or GPU; as many as there are if None.
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
            ValueError: a key is missing, unknown or unfit.
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

    def runs(
        self, folder: Path, extra: list[str], origin: str, tuned: Mapping[str, dict[str, Any]] | None = None
    ) -> list[PlannedRun]:
        """Return all runs, seed by seed, so that an early look sees every arm.

        Args:
            folder: of the comparison; each run gets its own below.
            extra: more options of `seg fit` for all runs, e.g. ["--data.source.init_args.root", "elsewhere"].
            origin: fingerprint of data and code, see seg.compare.origin.
            tuned: arm -> options that it chose.
        """
        choices = tuned or {}
        return [
            self.run(arm, seed, folder / "runs", extra, origin, choices.get(arm.name, {}))
            for seed in self.seeds
            for arm in self.arms
        ]

    def run(
        self, arm: Arm, seed: int, folder: Path, extra: list[str], origin: str, options: dict[str, Any]
    ) -> PlannedRun:
        """Return one run, with options beside those of the comparison and the arm.

        Args:
            arm: what is trained.
            seed: of the run.
            folder: of the runs.
            extra: more options as they stand on the command line.
            origin: fingerprint of data and code.
            options: the last word before `extra`.
        """
        files = [f"--config={config}" for config in self.configs]
        files += [f"--data={self.data}", f"--model.loss={arm.loss}"]
        chosen = [_as_option(key, value) for key, value in (self.options | arm.options | options).items()]
        chosen = [option.replace("{name}", arm.name).replace("{seed}", str(seed)) for option in chosen]
        chosen += [*extra, f"--seed_everything={seed}", f"--name={arm.name}", "--trainer.enable_progress_bar=false"]
        identity = "\n".join([*map(_content, files), *chosen, origin]) + "\n"
        version = f"seed-{seed}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
        logger = ["--trainer.logger=pytorch_lightning.loggers.CSVLogger", f"--trainer.logger.save_dir={folder}"]
        logger += [f"--trainer.logger.name={arm.name}", f"--trainer.logger.version={version}"]
        return PlannedRun(arm.name, seed, folder / arm.name / version, ("fit", *files, *logger, *chosen), identity)


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


def _as_option(key: str, value: Any) -> str:
    """Return an option of the command line; a key that ends with + adds to a list."""
    text = (
        value
        if isinstance(value, str)
        else yaml.safe_dump(value, default_flow_style=True, width=1_000_000).removesuffix("...\n").strip()
    )
    return f"--{key}={text}"


def _content(option: str) -> str:
    """Return the option with the hash of the file in the place of its path."""
    key, path = option.split("=", 1)
    return f"{key}={hashlib.sha256(Path(path).read_bytes()).hexdigest()}"
