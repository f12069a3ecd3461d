"""Chooses the threshold of `seg predict --tta`: averaged probabilities need another than those of one look."""

import pytorch_lightning as pl

from seg.model.module import BoundaryModule


def choose_averaged_threshold(trainer: pl.Trainer, model: BoundaryModule) -> None:
    """Validate averaged over flips and turns, and set the model's threshold of averaged predictions.

    It takes as long as eight validations.

    Args:
        trainer: of the run, after its training.
        model: holds the chosen weights.
    """
    model.tta = True
    trainer.validate(model, datamodule=trainer.datamodule, verbose=False)  # type: ignore[attr-defined]
    model.tta = False
