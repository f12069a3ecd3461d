"""Tells whoever waits for a run how far it is."""

from collections.abc import Callable

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn


class EpochReporter(Callback):
    """After each validation, send the share of the training that is done, the metric that ranks and the verdict.

    Args:
        send: called with (share, metric, collapse).
    """

    def __init__(self, send: Callable[[tuple[float, float, str]], None]) -> None:
        self.send = send

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Send how far the training is."""
        if trainer.state.fn != TrainerFn.FITTING:
            return
        metric = trainer.callback_metrics[f"val/{pl_module.rank_by}"].item()
        steps = max(1, int(trainer.estimated_stepping_batches))
        self.send((min(1.0, trainer.global_step / steps), metric, str(pl_module.collapse)))
