"""Stops a training whose loss is no number."""

import pytorch_lightning as pl
import torch
from torch import Tensor


class DivergedError(RuntimeError):
    """The loss of a training step is NaN or infinite."""


def refuse_divergence(module: pl.LightningModule, loss: Tensor) -> None:
    """Refuse a loss that is not finite; all devices stop together.

    Args:
        module: that is trained.
        loss: of this device's share of the batch.

    Raises:
        DivergedError: it is not finite, on this device or another.
    """
    if module.trainer.strategy.reduce_boolean_decision(bool(torch.isfinite(loss))):
        return
    value = "not finite on another device" if torch.isfinite(loss) else loss.item()
    raise DivergedError(
        f"the loss became {value} at step {module.global_step} (epoch {module.current_epoch}): "
        "lower the learning rate or check the loss"
    )
