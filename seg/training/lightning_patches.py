"""What reaches into parts of Lightning that are not its public interface; tried with pytorch-lightning 2.6.6.

pyproject.toml bounds Lightning below its next minor version; tests/seg/training/test_lightning_patches.py names the
part that has changed.
"""

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.strategies.launchers.subprocess_script import _SubprocessScriptLauncher


class SubcommandCLI(LightningCLI):
    """A LightningCLI with two hooks that Lightning has only as private methods.

    It does not read hyper-parameters from a checkpoint: ours hold none, and those of others would silently replace
    options of the command line.
    """

    def add_subcommand_arguments(self, parser: LightningArgumentParser, subcommand: str) -> None:
        """Add arguments to one subcommand only.

        `add_arguments_to_parser` is not told the subcommand.

        Args:
            parser: of the subcommand.
            subcommand: its name.
        """

    def run_subcommand(self, subcommand: str) -> None:
        """Run the subcommand, once everything is instantiated.

        Args:
            subcommand: its name.
        """
        super()._run_subcommand(subcommand)

    def _prepare_subcommand_parser(self, klass: type, subcommand: str, **kwargs: Any) -> LightningArgumentParser:
        parser = super()._prepare_subcommand_parser(klass, subcommand, **kwargs)
        self.add_subcommand_arguments(parser, subcommand)
        return parser

    def _parse_ckpt_path(self) -> None:
        pass

    def _run_subcommand(self, subcommand: str) -> None:
        self.run_subcommand(subcommand)


class SegLauncher(_SubprocessScriptLauncher):
    """Starts the processes of further devices as `python -m seg ARGS`.

    Lightning repeats sys.argv, which is another command line where a comparison or Python code starts the run.

    Args:
        launcher: of Lightning, which it replaces.
        args: of the command line, the subcommand first.
    """

    def __init__(self, launcher: _SubprocessScriptLauncher, args: list[str]) -> None:
        super().__init__(launcher.cluster_environment, launcher.num_processes, launcher.num_nodes)
        self.args = args

    def _call_children_scripts(self) -> None:
        with _as_main(self.args):
            super()._call_children_scripts()


def launch_with(trainer: pl.Trainer, args: list[str]) -> None:
    """Give the trainer a `SegLauncher` if it starts processes.

    Args:
        trainer: before it runs.
        args: of the command line, the subcommand first.
    """
    launcher = trainer.strategy.launcher
    if isinstance(launcher, _SubprocessScriptLauncher):
        trainer.strategy._launcher = SegLauncher(launcher, args)


@contextmanager
def _as_main(args: list[str]) -> Iterator[None]:
    """Let this process look as if it had been started as `python -m seg ARGS`."""
    main = sys.modules["__main__"]
    argv, spec = sys.argv, main.__spec__
    sys.argv, main.__spec__ = ["seg", *args], find_spec("seg.__main__")
    try:
        yield
    finally:
        sys.argv, main.__spec__ = argv, spec


def begin_epoch_afresh(trainer: pl.Trainer) -> None:
    """Treat an epoch that starts from a checkpoint like any other epoch.

    Lightning takes a restart to be in the middle of an epoch: it would count the batches as done, pass over the
    plateau schedule at the end, and use what workers prepared before the epoch was known.
    """
    if trainer.fit_loop.is_resuming:
        trainer.fit_loop.restarting = False
        iter(trainer.fit_loop._data_fetcher or ())


def forget_batches(trainer: pl.Trainer) -> None:
    """Reset the counters of batches, so that a checkpoint saved now belongs to the start of an epoch."""
    trainer.fit_loop.epoch_loop.reset()


def read_curves(trainer: pl.Trainer) -> str:
    """Return what the CSV logger has written so far, "" without one."""
    if not (logger := _csv_logger(trainer)) or not trainer.is_global_zero:  # on other devices it is a dummy
        return ""
    logger.save()
    file = Path(logger.experiment.metrics_file_path)
    return file.read_bytes().decode() if file.exists() else ""


def restore_curves(trainer: pl.Trainer, curves: str) -> None:
    """Put earlier learning curves into the CSV logger, which starts its file anew in every process.

    Args:
        trainer: whose logger appends to them.
        curves: as `read_curves` returned them.
    """
    if curves and trainer.is_global_zero and (logger := _csv_logger(trainer)):
        Path(logger.experiment.metrics_file_path).write_text(curves, encoding="utf-8", newline="")
        logger.experiment.metrics_keys = next(csv.reader(curves.splitlines()))


def _csv_logger(trainer: pl.Trainer) -> CSVLogger | None:
    return next((logger for logger in trainer.loggers if isinstance(logger, CSVLogger)), None)
