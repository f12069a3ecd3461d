"""Settings that would lead to a wrong result or a late failure."""

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


def refuse_settings(trainer: Trainer, subcommand: str, settings: Any) -> None:
    """Refuse what does not fit.

    Args:
        trainer: of the run.
        subcommand: fit, validate, test or predict.
        settings: of this subcommand.

    Raises:
        ValueError: names the first setting that does not fit, the reason, and what to do.
    """
    _refuse_callbacks(trainer.callbacks)  # type: ignore[attr-defined]
    if subcommand == "fit":
        _refuse_clipping(trainer, settings.model.optimizer)
    elif not (settings.ckpt_path or settings.model.start_from):
        raise ValueError(
            f"the network would be untrained: name the weights, seg {subcommand} --ckpt_path RUN/checkpoints/NAME.ckpt"
        )


def _refuse_callbacks(callbacks: Sequence[Callback]) -> None:
    refused = [(callback, _REASONS[kind]) for callback in callbacks for kind in _REASONS if isinstance(callback, kind)]
    for callback, reason in refused:
        raise ValueError(f"{type(callback).__name__} cannot be used: {reason}")


def _refuse_clipping(trainer: Trainer, optimizer: Any) -> None:
    """Refuse to clip the gradients of a fused optimizer in mixed precision, where Lightning leaves scaling to it."""
    is_mixed = isinstance(trainer.precision_plugin, MixedPrecision)
    if is_mixed and trainer.gradient_clip_val and optimizer.get("init_args.fused"):
        raise ValueError(
            "a fused optimizer cannot clip gradients in mixed precision: set --model.optimizer.init_args.fused false"
        )
