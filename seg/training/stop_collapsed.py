"""Stops a training whose network has collapsed."""

from typing import Any

import pytorch_lightning as pl
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn


class StopCollapsed(Callback):
    """Stop when the network has been collapsed for several validations in succession.

    It saves time with losses that never recover; it is optional because it is unfair to one that recovers late.

    Args:
        patience: number of validations in succession, >= 1, with a verdict other than "none".

    Raises:
        ValueError: patience is out of range.
    """

    def __init__(self, patience: int = 3) -> None:
        if patience < 1:
            raise ValueError(f"patience must be >= 1, got {patience}")
        self.patience, self.collapsed = patience, 0

    def state_dict(self) -> dict[str, Any]:
        """Return for how many validations the network has been collapsed."""
        return {"collapsed": self.collapsed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue the count."""
        self.collapsed = state_dict["collapsed"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop at once if the training had been stopped before."""
        self._stop_if_collapsed(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count, and stop when patience is used up."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        self.collapsed = 0 if pl_module.collapse == "none" else self.collapsed + 1
        self._stop_if_collapsed(trainer)
        if trainer.should_stop:
            rank_zero_info(f"stopped: {pl_module.collapse} for {self.collapsed} validations in succession")

    def _stop_if_collapsed(self, trainer: pl.Trainer) -> None:
        trainer.should_stop = trainer.should_stop or self.collapsed >= self.patience
