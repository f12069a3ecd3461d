"""Callbacks of Lightning that would leave a run whose record is wrong."""

from collections.abc import Sequence

from pytorch_lightning.callbacks import BatchSizeFinder, Callback, LearningRateFinder, StochasticWeightAveraging

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
