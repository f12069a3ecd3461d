"""Measures the gradients at the start of a training."""

import torch
from torch import nn

#: Steps whose mean is taken.
STEPS = 10


class StartGradient:
    """The lengths of the gradients of the first steps."""

    def __init__(self) -> None:
        self.lengths: list[float] = []

    def add(self, module: nn.Module) -> None:
        """Measure a step, if it is one of the first.

        Args:
            module: whose parameters have their gradients.
        """
        if len(self.lengths) < STEPS:
            gradients = [weight.grad for weight in module.parameters() if weight.grad is not None]
            self.lengths.append(torch.nn.utils.get_total_norm(gradients).item())

    def mean(self) -> float | None:
        """Return the mean length; None before the first step."""
        return sum(self.lengths) / len(self.lengths) if self.lengths else None
