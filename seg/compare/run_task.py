"""One run of a comparison: planned, then as a command line of `seg fit` with a folder of its own."""

import hashlib
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
        identity: what distinguishes this run from others: its options, the content of its files, the data, the code.
    """

    name: str
    seed: int
    folder: Path
    args: tuple[str, ...]
    identity: str


@dataclass(frozen=True)
class PlannedRun:
    """One training of the plan, before its folder is known.

    Attributes:
        name: of the arm.
        seed: of the run.
        files: configuration files, as options of `seg fit`.
        options: of `seg fit`, by key; {name} and {seed} in a value are replaced by the run's.
        extra: further command-line options; they override `options`.
    """

    name: str
    seed: int
    files: tuple[str, ...]
    options: dict[str, Any]
    extra: tuple[str, ...] = ()

    def with_options(self, options: dict[str, Any]) -> "PlannedRun":
        """Return the same run with further options, which override its own."""
        return replace(self, options=self.options | options)

    def task(self, parent: Path, fingerprint: str) -> RunTask:
        """Return the run as it is executed, in a folder of its own.

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


def _as_option(key: str, value: Any) -> str:
    """Return an option of the command line; a key that ends with + adds to a list."""
    text = (
        value
        if isinstance(value, str)
        else yaml.safe_dump(value, default_flow_style=True, width=1_000_000).removesuffix("...\n").strip()
    )
    return f"--{key}={text}"


def _content(option: str) -> str:
    """Return the option with its file's hash instead of the path."""
    key, path = option.split("=", 1)
    return f"{key}={hashlib.sha256(Path(path).read_bytes()).hexdigest()}"
