"""Chooses the threshold of `seg predict --tta`: averaged probabilities need another than those of one look."""

from pathlib import Path

import pytorch_lightning as pl

from seg.model.module import BoundaryModule
from seg.training.checkpoint_io import AtomicCheckpointIO, read_checkpoint


def choose_averaged_threshold(trainer: pl.Trainer, model: BoundaryModule, checkpoint: Path) -> None:
    """Validate averaged over flips and turns, and add the best threshold to the model and its checkpoint.

    It takes as long as eight validations.

    Args:
        trainer: of the run, after its training.
        model: holds the chosen weights.
        checkpoint: of these weights.
    """
    model.tta = True
    trainer.validate(model, datamodule=trainer.datamodule, verbose=False)  # type: ignore[attr-defined]
    model.tta = False
    if trainer.is_global_zero:
        content = read_checkpoint(checkpoint) | {"threshold_tta": model.threshold_tta}
        AtomicCheckpointIO().save_checkpoint(content, checkpoint)
    trainer.strategy.barrier()
