"""Validates the chosen weights after a training, plain and averaged over flips and turns."""

from pathlib import Path

import pytorch_lightning as pl

from seg.model.module import BoundaryModule


def validate_both_ways(trainer: pl.Trainer, model: BoundaryModule, checkpoint: Path) -> None:
    """Choose the thresholds of plain and of averaged predictions, which need different ones.

    The way in which the run is tested comes last: its scores and pictures stay. Both take as long as nine validations.

    Args:
        trainer: of the run, after its training.
        model: gets the weights and both thresholds.
        checkpoint: the chosen weights.
    """
    data, tested = trainer.datamodule, model.tta  # type: ignore[attr-defined]
    model.tta = not tested
    trainer.validate(model, datamodule=data, ckpt_path=checkpoint, verbose=False, weights_only=True)
    model.tta = tested
    trainer.validate(model, datamodule=data, verbose=False)
