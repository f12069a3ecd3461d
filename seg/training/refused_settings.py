"""Callbacks of Lightning that would leave a run whose record is wrong, and settings that exclude each other."""

from collections.abc import Sequence
from typing import Any

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import BatchSizeFinder, Callback, LearningRateFinder, StochasticWeightAveraging
from pytorch_lightning.plugins.precision import MixedPrecision

_REASONS: dict[type[Callback], str] = {
    BatchSizeFinder: "it changes the batch size after config.yaml is written: give --data.batch_size",
    LearningRateFinder: "it changes the learning rate after config.yaml is written and the schedule is built: give "
    "--model.optimizer.init_args.lr, or let `tune` of a comparison search for it",
    StochasticWeightAveraging: "it averages after the last validation, which could not choose the result: take "
    "seg.training.weight_mean.WeightMean or pytorch_lightning.callbacks.EMAWeightAveraging",
}


def refuse_callbacks(callbacks: Sequence[Callback]) -> None:
    """Refuse callbacks that do not fit.

    Raises:
        ValueError: names the first of them, the reason, and what to do.
    """
    refused = [(callback, _REASONS[kind]) for callback in callbacks for kind in _REASONS if isinstance(callback, kind)]
    for callback, reason in refused:
        raise ValueError(f"{type(callback).__name__} cannot be used: {reason}")


def refuse_clipping(trainer: Trainer, optimizer: Any) -> None:
    """Refuse to clip the gradients of a fused optimizer in mixed precision, where Lightning leaves scaling to it.

    Args:
        trainer: of the run.
        optimizer: its configuration, with `init_args`.

    Raises:
        ValueError: says what to set.
    """
    is_mixed = isinstance(trainer.precision_plugin, MixedPrecision)
    if is_mixed and trainer.gradient_clip_val and optimizer.get("init_args.fused"):
        raise ValueError(
            "a fused optimizer cannot clip gradients in mixed precision: set --model.optimizer.init_args.fused false"
        )
