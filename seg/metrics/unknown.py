"""What a pixel counts as for which a network has no answer: the one rule of all scores."""

from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Probability = TypeVar("Probability", Tensor, NDArray[np.float32])


def without_nan(probability: Probability) -> Probability:
    """Return the probability with 0 in place of NaN: no threshold > 0 predicts boundary there.

    Args:
        probability: (H, W), or any other shape.
    """
    if isinstance(probability, Tensor):
        return torch.nan_to_num(probability, nan=0.0)
    filled: NDArray[Any] = np.nan_to_num(probability, nan=0.0)
    return filled
