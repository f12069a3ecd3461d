"""Saves the state from which an interrupted training resumes as if it had not been interrupted."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from jsonargparse import Namespace
from pytorch_lightning.callbacks import Callback

from seg.training.lightning_patches import begin_epoch_afresh, forget_batches, read_curves, restore_curves

LAST = "checkpoints/last.ckpt"


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

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the learning curves before the interruption, also of a training that has no epoch left."""
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
        if is_trial(trainer):
            return
        self.curves = read_curves(trainer)
        trainer.save_checkpoint(run_folder(trainer) / LAST)


def is_trial(trainer: pl.Trainer) -> bool:
    """Return whether a few batches are run with `fast_dev_run`, which has no folder and writes nothing."""
    return bool(trainer.fast_dev_run)  # type: ignore[attr-defined]


def run_folder(trainer: pl.Trainer) -> Path:
    """Return the folder of the run; all processes of a training must ask at the same time."""
    return Path(trainer.log_dir or trainer.default_root_dir)


def leave_run(logger: Any) -> None:
    """Let a logger write into the next `version_N` where the folder that its options name holds a run.

    Args:
        logger: as configured.
    """
    options = logger.get("init_args") if isinstance(logger, Namespace) else None
    if not options:
        return
    version = str(options.get("version") or "")
    if version and Path(options.get("save_dir") or "", options.get("name") or "", version, "config.yaml").exists():
        options.version = None


def disk_is_full(folder: Path) -> str:
    """Return what to do about a run that found no space on the disk.

    Args:
        folder: of the run.
    """
    last = folder / LAST
    resume = f" and resume: --ckpt_path {last}" if last.exists() else ""
    return f"no space left on the disk of {folder}, the run is not complete: free some{resume}"
