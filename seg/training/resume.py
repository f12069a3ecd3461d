"""Resume an interrupted training so that it ends as if it had not been interrupted."""

import os
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning.callbacks import Callback, ModelCheckpoint

from seg.training.lightning_patches import begin_epoch_afresh, forget_batches, read_curves, restore_curves

LAST = "checkpoints/last.ckpt"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write a checkpoint beside its place and rename it, so that the previous one stays valid until then."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write the checkpoint.

        Args:
            checkpoint: what to save.
            path: of the file; its folder is created.
            storage_options: accepted for Lightning, not used.

        Raises:
            OSError: it cannot be written; the previous one is unchanged.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)


class EpochCheckpoint(Callback):
    """Save the whole state in checkpoints/last.ckpt at the start of each epoch and at the end of the training.

    Lightning's own last checkpoint is written before the epoch is over: what happens after it, e.g. the step of a
    schedule that moves epoch by epoch, would be lost. The learning curves so far are part of the state, since a
    logger starts its file anew.
    """

    def __init__(self) -> None:
        self.curves = ""

    def state_dict(self) -> dict[str, Any]:
        """Return the learning curves so far."""
        return {"curves": self.curves}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the learning curves from the checkpoint."""
        self.curves = state_dict["curves"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the learning curves of the epochs before the interruption."""
        restore_curves(trainer, self.curves)

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the state after the previous epoch."""
        begin_epoch_afresh(trainer)
        if trainer.global_step:
            forget_batches(trainer)
            self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the final state."""
        self._save(trainer)

    def _save(self, trainer: pl.Trainer) -> None:
        self.curves = read_curves(trainer)
        best = next(callback for callback in trainer.callbacks if isinstance(callback, ModelCheckpoint))  # type: ignore[attr-defined]
        trainer.save_checkpoint(Path(best.dirpath or trainer.default_root_dir) / Path(LAST).name)
