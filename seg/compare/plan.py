"""The plan of a comparison: which runs, each as a command line of `seg fit`."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class PlannedRun:
    """One training.

    Attributes:
        name: the arm, from the file name of its loss.
        seed: of the run.
        folder: where it leaves its record.
        args: of `seg fit`.
    """

    name: str
    seed: int
    folder: Path
    args: tuple[str, ...]

    def identity(self) -> str:
        """Return what tells this run from any other: its command line and the content of its files."""
        files = sorted({Path(arg) for arg in self.args if arg.endswith(".yaml")})
        hashes = [f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file}" for file in files]
        return "\n".join(["seg " + " ".join(self.args), *hashes]) + "\n"


@dataclass(frozen=True)
class Plan:
    """What a comparison's YAML says; paths in it are relative to the file.

    Attributes:
        configs: configuration files of `seg fit`, the later win.
        data: the data's configuration file.
        losses: one configuration file per arm; its file name is the arm's name.
        seeds: every arm is trained once with each.
        options: of `seg fit`, for all runs alike, e.g. {trainer.max_epochs: 5}.
        processes: trainings at a time, each on one core.
    """

    configs: list[Path]
    data: Path
    losses: list[Path]
    seeds: list[int]
    options: dict[str, Any] = field(default_factory=dict)
    processes: int = 2

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
            fields = yaml.safe_load(path.read_text(encoding="utf-8"))
            plan = cls(**fields)
            plan = cls(
                configs=[path.parent / config for config in plan.configs],
                data=path.parent / plan.data,
                losses=[path.parent / loss for loss in plan.losses],
                seeds=[int(seed) for seed in plan.seeds],
                options=dict(plan.options),
                processes=int(plan.processes),
            )
        except (TypeError, ValueError, yaml.YAMLError) as error:
            keys = "configs, data, losses, seeds, options, processes"
            raise ValueError(f"{path} is not a comparison ({keys}): {error}") from error
        plan._check(path)
        return plan

    def _check(self, path: Path) -> None:
        for named in (*self.configs, self.data, *self.losses):
            if not named.is_file():
                raise FileNotFoundError(f"{path} names a file that does not exist: {named}")
        for key, values in (("losses", [loss.stem for loss in self.losses]), ("seeds", self.seeds)):
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{path}: {key} must be at least one and all different, got {values}")
        if self.processes < 1:
            raise ValueError(f"{path}: processes must be >= 1, got {self.processes}")

    def runs(self, folder: Path, extra: list[str]) -> list[PlannedRun]:
        """Return all runs, seed by seed, so that an early look sees every loss.

        Args:
            folder: of the comparison; each run gets its own below.
            extra: more options of `seg fit` for all runs, e.g. ["--data.source.init_args.root", "elsewhere"].
        """
        return [self._run(loss, seed, folder, extra) for seed in self.seeds for loss in self.losses]

    def _run(self, loss: Path, seed: int, folder: Path, extra: list[str]) -> PlannedRun:
        name = loss.stem
        args = ["fit"]
        for config in self.configs:
            args += ["--config", str(config)]
        args += ["--data", str(self.data), "--model.loss", str(loss)]
        for key, value in self.options.items():
            args += [f"--{key}={_as_argument(value)}"]
        args += extra
        args += [f"--seed_everything={seed}", f"--name={name}", "--trainer.enable_progress_bar=false"]
        args += ["--trainer.logger=pytorch_lightning.loggers.CSVLogger"]
        args += [f"--trainer.logger.save_dir={folder / 'runs'}", f"--trainer.logger.name={name}"]
        args += [f"--trainer.logger.version=seed-{seed}"]
        return PlannedRun(name=name, seed=seed, folder=folder / "runs" / name / f"seed-{seed}", args=tuple(args))


def _as_argument(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
    )
