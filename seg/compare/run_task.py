"""One run of a comparison: planned, then as a command line of `seg fit` with a folder of its own."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class RunTask:
    """One training for an executor.

    Attributes:
        name: of the arm.
        seed: of the run.
        folder: for its record; its name ends with a hash of the identity.
        args: of `seg fit`.
        identity: what distinguishes this run from others: its seed, configuration, data, packages and code.
        fold: of a cross-validation; None: there is none.
    """

    name: str
    seed: int
    folder: Path
    args: tuple[str, ...]
    identity: str
    fold: int | None = None

    @property
    def label(self) -> str:
        """Name, seed and fold, for messages."""
        return f"{self.name} seed {self.seed}" + ("" if self.fold is None else f" fold {self.fold}")


@dataclass(frozen=True)
class PlannedRun:
    """One training of the plan, before its folder is known.

    Attributes:
        name: of the arm.
        seed: of the run.
        files: configuration files, as options of `seg fit`.
        options: of `seg fit`, by key; {name} and {seed} in a value are replaced by the run's.
        extra: further command-line options; they override `options`.
        fold: of a cross-validation; None: there is none.
    """

    name: str
    seed: int
    files: tuple[str, ...]
    options: dict[str, Any]
    extra: tuple[str, ...] = ()
    fold: int | None = None

    @property
    def settings(self) -> tuple[str, ...]:
        """The options of `seg fit` except for seed and folder, equal for the runs of an arm."""
        options = [_as_option(key, value) for key, value in self.options.items()]
        options = [option.replace("{name}", self.name).replace("{seed}", str(self.seed)) for option in options]
        return (*options, *self.extra, f"--name={self.name}", "--trainer.enable_progress_bar=false")

    def with_options(self, options: dict[str, Any]) -> "PlannedRun":
        """Return the same run with further options, which override its own."""
        return replace(self, options=self.options | options)

    def task(self, parent: Path, fingerprint: str) -> RunTask:
        """Return the run as it is executed, in a folder of its own.

        Args:
            parent: folder of the runs.
            fingerprint: of its configuration, data and code, see seg.compare.fingerprint.
        """
        identity = f"seed: {self.seed}\n{fingerprint}"
        fold = "" if self.fold is None else f"-fold-{self.fold}"
        version = f"seed-{self.seed}{fold}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
        logger = ["--trainer.logger=pytorch_lightning.loggers.CSVLogger", f"--trainer.logger.save_dir={parent}"]
        logger += [f"--trainer.logger.name={self.name}", f"--trainer.logger.version={version}"]
        args = ("fit", *self.files, *logger, *self.settings, f"--seed_everything={self.seed}")
        return RunTask(self.name, self.seed, parent / self.name / version, args, identity, self.fold)


#: Gives a planned run its identity, and a folder within the one given.
MakeTask = Callable[[PlannedRun, Path], RunTask]


def _as_option(key: str, value: Any) -> str:
    """Return an option of the command line; a key that ends with + adds to a list."""
    text = (
        value
        if isinstance(value, str)
        else yaml.safe_dump(value, default_flow_style=True, width=1_000_000).removesuffix("...\n").strip()
    )
    return f"--{key}={text}"
