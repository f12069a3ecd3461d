"""Validates the chosen weights after a training, plain and averaged over flips and turns."""

import time
from pathlib import Path

import pytorch_lightning as pl

from seg.model.module import BoundaryModule
from seg.record import Averaging


def validate_both_ways(trainer: pl.Trainer, model: BoundaryModule, checkpoint: Path) -> Averaging:
    """Choose the thresholds of plain and of averaged predictions, which need different ones.

    The way in which the run is tested comes last: its scores and pictures stay. Both take as long as nine validations.

    Args:
        trainer: of the run, after its training.
        model: gets the weights and both thresholds.
        checkpoint: the chosen weights.

    Returns:
        What averaging brings on the validation images, each way at its own threshold, and what it costs.
    """
    tested = model.tta
    found = {not tested: _validate(trainer, model, not tested, checkpoint), tested: _validate(trainer, model, tested)}
    (plain, seconds), (averaged, longer) = found[False], found[True]
    return Averaging(plain, averaged, round(seconds, 3), round(longer, 3))


def _validate(
    trainer: pl.Trainer, model: BoundaryModule, tta: bool, checkpoint: Path | None = None
) -> tuple[float, float]:
    """Return the mean of the ranking metric and the seconds that it took, of the weights there without a checkpoint."""
    began, model.tta = time.monotonic(), tta
    data = trainer.datamodule  # type: ignore[attr-defined]
    trainer.validate(model, datamodule=data, ckpt_path=checkpoint, verbose=False, weights_only=True)
    table = model.tables["val"]
    scores = table.at(table.best_threshold(model.rank_by))[model.rank_by]
    return scores.mean().item(), time.monotonic() - began
