"""Stochastic weight averaging whose mean is what validation judges."""

from collections.abc import Callable

from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class WeightMean(WeightAveraging):
    """The equal mean of the weights after each step from one on; until then the weights as they are.

    Lightning's StochasticWeightAveraging averages after the last validation, which then cannot judge the mean.

    Args:
        from_step: first step that counts, from 0: where the learning rate no longer falls much.

    Raises:
        ValueError: from_step is negative.

    Source:
        Izmailov et al., UAI 2018.
    """

    def __init__(self, from_step: int) -> None:
        if from_step < 0:
            raise ValueError(f"from_step must be >= 0, got {from_step}")
        super().__init__(avg_fn=_mean_from(from_step))


def _mean_from(start: int) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    def average(mean: Tensor, weights: Tensor, steps: Tensor | int) -> Tensor:
        counted = max(int(steps) - start, 0)
        return mean + (weights - mean) / (counted + 1)

    return average
