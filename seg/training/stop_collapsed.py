"""End a training whose network has given up."""

from typing import Any

import pytorch_lightning as pl
from lightning_utilities.core.rank_zero import rank_zero_info
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.trainer.states import TrainerFn


class StopCollapsed(Callback):
    """Stop when the network has been collapsed for several validations in succession.

    It saves time where a loss is known to be lost; a loss that recovers late is treated unfairly, so it is an option.

    Args:
        patience: validations in succession, >= 1, whose verdict is not "none".

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
        """Go on counting."""
        self.collapsed = state_dict["collapsed"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave a training that had been stopped as it was."""
        self._stop_if_lost(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count, and stop when patience is used up."""
        if trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
            return
        self.collapsed = 0 if pl_module.collapse == "none" else self.collapsed + 1
        self._stop_if_lost(trainer)
        if trainer.should_stop:
            rank_zero_info(f"stopped: {pl_module.collapse} for {self.collapsed} validations in succession")

    def _stop_if_lost(self, trainer: pl.Trainer) -> None:
        trainer.should_stop = trainer.should_stop or self.collapsed >= self.patience
