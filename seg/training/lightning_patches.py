"""What reaches into parts of Lightning that are not its public interface; tried with pytorch-lightning 2.6.6.

pyproject.toml bounds Lightning below its next minor version; tests/seg/training/test_lightning_patches.py names the
part that has changed.
"""

import csv
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import CSVLogger


class SubcommandCLI(LightningCLI):
    """A LightningCLI with two hooks that Lightning has only as private methods."""

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

    def _run_subcommand(self, subcommand: str) -> None:
        self.run_subcommand(subcommand)


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
    if not (logger := _csv_logger(trainer)):
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
    if curves and (logger := _csv_logger(trainer)):
        Path(logger.experiment.metrics_file_path).write_text(curves, encoding="utf-8", newline="")
        logger.experiment.metrics_keys = next(csv.reader(curves.splitlines()))


def _csv_logger(trainer: pl.Trainer) -> CSVLogger | None:
    return next((logger for logger in trainer.loggers if isinstance(logger, CSVLogger)), None)
