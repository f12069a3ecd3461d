"""Learning-rate schedules."""

from abc import ABC, abstractmethod
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import ExponentialLR, OneCycleLR, ReduceLROnPlateau


class Schedule(ABC):
    """A learning-rate schedule, built once the optimizer and the number of steps are known."""

    @abstractmethod
    def configure(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        """Return Lightning's scheduler configuration.

        Args:
            optimizer: its learning rate is the highest of the schedule.
            steps: optimizer steps of the whole training.
        """


class OneCycle(Schedule):
    """Warm up to the optimizer's rate, then anneal it to nearly zero along a cosine, step by step.

    Args:
        rise: fraction of the steps that warm up, in (0, 1).

    Raises:
        ValueError: rise is out of range.

    Source:
        Smith and Topin, 2019.
    """

    def __init__(self, rise: float = 0.15) -> None:
        if not 0 < rise < 1:
            raise ValueError(f"rise must be in (0, 1), got {rise}")
        self.rise = rise

    def configure(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        """Return a scheduler that moves every step; momentum is constant."""
        scheduler = OneCycleLR(
            optimizer,
            max_lr=[group["lr"] for group in optimizer.param_groups],
            total_steps=steps,
            pct_start=self.rise,
            cycle_momentum=False,
        )
        return {"scheduler": scheduler, "interval": "step"}


class Exponential(Schedule):
    """Multiply the rate by the same factor after each epoch.

    Args:
        factor: in (0, 1].

    Raises:
        ValueError: factor is out of range.
    """

    def __init__(self, factor: float = 0.999) -> None:
        if not 0 < factor <= 1:
            raise ValueError(f"factor must be in (0, 1], got {factor}")
        self.factor = factor

    def configure(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        """Return a scheduler that moves every epoch."""
        return {"scheduler": ExponentialLR(optimizer, gamma=self.factor), "interval": "epoch"}


class OnPlateau(Schedule):
    """Multiply the rate by a factor when the validation loss has not improved for some epochs.

    Args:
        factor: in (0, 1).
        patience: epochs without improvement, >= 0.

    Raises:
        ValueError: a value is out of range.
    """

    def __init__(self, factor: float = 0.5, patience: int = 5) -> None:
        if not 0 < factor < 1 or patience < 0:
            raise ValueError(f"factor must be in (0, 1) and patience >= 0, got {factor} and {patience}")
        self.factor, self.patience = factor, patience

    def configure(self, optimizer: Optimizer, steps: int) -> dict[str, Any]:
        """Return a scheduler that monitors val/loss after every epoch."""
        scheduler = ReduceLROnPlateau(optimizer, factor=self.factor, patience=self.patience)
        return {"scheduler": scheduler, "interval": "epoch", "monitor": "val/loss"}
