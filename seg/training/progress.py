"""Reports the progress of a run."""

import math
from collections.abc import Callable

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn

from seg.training.epoch_report import EpochReport


class EpochReporter(Callback):
    """Report at the start of the training and after each validation.

    Args:
        send: called with each report.
    """

    def __init__(self, send: Callable[[EpochReport], None]) -> None:
        self.send = send

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Send the epoch at which the training starts, which is not 0 if it resumes."""
        self.send(EpochReport(trainer.current_epoch, trainer.max_epochs or 0, math.nan, "none"))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Send the number of completed epochs and the score of the last one."""
        if trainer.state.fn == TrainerFn.FITTING:
            metric = trainer.callback_metrics[f"val/{pl_module.rank_by}"].item()
            epochs = trainer.max_epochs or 0
            self.send(EpochReport(trainer.current_epoch + 1, epochs, metric, str(pl_module.collapse)))
