"""Go on with an interrupted training as if nothing had happened."""

import csv
import os
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning.callbacks import Callback, ModelCheckpoint
from pytorch_lightning.loggers import CSVLogger

LAST = "checkpoints/last.ckpt"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write a checkpoint beside its place and rename it, so that the previous one stays valid until then."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write the checkpoint; OSError leaves the previous one as it was."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)


class EpochCheckpoint(Callback):
    """Keep the whole state in checkpoints/last.ckpt at the start of each epoch and at the end of the training.

    Lightning's own last checkpoint is written before the epoch is over: what happens after it, e.g. the step of a
    schedule that moves epoch by epoch, would be lost. The learning curves up to there are part of the state, since a
    logger begins its file anew.
    """

    def __init__(self) -> None:
        self.curves = ""

    def state_dict(self) -> dict[str, Any]:
        """Return the curves up to now."""
        return {"curves": self.curves}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the curves of the checkpoint."""
        self.curves = state_dict["curves"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the curves of a training that goes on."""
        if self.curves and (logger := _csv_logger(trainer)):
            file = Path(logger.experiment.metrics_file_path)
            file.write_text(self.curves, encoding="utf-8", newline="")
            logger.experiment.metrics_keys = next(csv.reader(self.curves.splitlines()))

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save what the epochs before have led to; an epoch that goes on from there begins like any other.

        Lightning takes a restart to be in the middle of an epoch: it would count the batches as done, pass over the
        plateau schedule at the end, and use what workers prepared before the epoch was known.
        """
        if trainer.fit_loop.is_resuming:
            trainer.fit_loop.restarting = False
            iter(trainer.fit_loop._data_fetcher or ())
        if trainer.global_step:
            trainer.fit_loop.epoch_loop.reset()
            self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the final weights."""
        self._save(trainer)

    def _save(self, trainer: pl.Trainer) -> None:
        if logger := _csv_logger(trainer):
            logger.save()
            file = Path(logger.experiment.metrics_file_path)
            self.curves = file.read_bytes().decode() if file.exists() else ""
        best = next(callback for callback in trainer.callbacks if isinstance(callback, ModelCheckpoint))  # type: ignore[attr-defined]
        trainer.save_checkpoint(Path(best.dirpath or trainer.default_root_dir) / Path(LAST).name)


def _csv_logger(trainer: pl.Trainer) -> CSVLogger | None:
    return next((logger for logger in trainer.loggers if isinstance(logger, CSVLogger)), None)
