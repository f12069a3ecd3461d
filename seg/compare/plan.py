"""The plan of a comparison: which runs, each as a command line of `seg fit`."""

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

KEYS = "configs, data, losses, arms, seeds, options, tune, processes"


@dataclass(frozen=True)
class RunTask:
    """One training for an executor.

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
class PlannedRun:
    """One training of the plan, before it is known where it is trained and on which data.

    Attributes:
        name: of the arm.
        seed: of the run.
        files: configuration files, as options of `seg fit`.
        options: of `seg fit`, by key; {name} and {seed} in a value stand for the run's.
        extra: more options, as they stand on the command line; they win over `options`.
    """

    name: str
    seed: int
    files: tuple[str, ...]
    options: dict[str, Any]
    extra: tuple[str, ...] = ()

    def with_options(self, options: dict[str, Any]) -> "PlannedRun":
        """Return the same run with further options, which win over its own."""
        return replace(self, options=self.options | options)

    def task(self, parent: Path, fingerprint: str) -> RunTask:
        """Return the run as it is trained, in a folder of its own.

        Args:
            parent: folder of the runs.
            fingerprint: of data and code, see seg.compare.fingerprint.
        """
        options = [_as_option(key, value) for key, value in self.options.items()]
        options = [option.replace("{name}", self.name).replace("{seed}", str(self.seed)) for option in options]
        options += [*self.extra, f"--seed_everything={self.seed}", f"--name={self.name}"]
        options += ["--trainer.enable_progress_bar=false"]
        identity = "\n".join([*map(_content, self.files), *options, fingerprint]) + "\n"
        version = f"seed-{self.seed}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
        logger = ["--trainer.logger=pytorch_lightning.loggers.CSVLogger", f"--trainer.logger.save_dir={parent}"]
        logger += [f"--trainer.logger.name={self.name}", f"--trainer.logger.version={version}"]
        folder = parent / self.name / version
        return RunTask(self.name, self.seed, folder, ("fit", *self.files, *logger, *options), identity)


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

    def runs(self, extra: list[str]) -> list[PlannedRun]:
        """Return all runs, seed by seed, so that an early look sees every arm.

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
