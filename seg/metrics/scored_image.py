"""An image with all that metrics are computed from."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seg.metrics.boundary import count_matches
from seg.metrics.metric import Formula, Thresholds, load_function, pick
from seg.metrics.rand import connected_cells
from seg.metrics.unknown import without_nan

Cells = NDArray[np.int32]


@dataclass(frozen=True)
class ScoredImage:
    """One image at one threshold or at several; attributes are what formulas may name as their arguments.

    Attributes:
        probability: (H, W) of the boundary, in [0, 1]; for NaN see `seg.metrics.unknown`.
        mask: (H, W), True on the true boundary.
        thresholds: (T,); a pixel is predicted where probability >= threshold.
        tolerance_px: of the boundary F1 and the surface Dice.
        cells: (H, W) true instances, 0 is background; None: the 4-connected components between boundaries.
        predicted_cells: (H, W) instances of the tool that is scored; None: the 4-connected components between
            predicted boundaries.
        valid: (H, W), False at void pixels, which nobody annotated; None: there are none. Pixels are counted without
            them. Where shapes are compared, truth and prediction are both cut at void pixels, which belong to neither
            boundary nor cell.
    """

    probability: NDArray[np.float32]
    mask: NDArray[np.bool_]
    thresholds: Thresholds
    tolerance_px: float
    cells: Cells | None = None
    predicted_cells: Cells | None = None
    valid: NDArray[np.bool_] | None = None
    _results: dict[tuple[object, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", without_nan(self.probability))
        if self.valid is not None:
            for name in ("probability", "mask", "cells", "predicted_cells"):
                object.__setattr__(self, name, _cut(getattr(self, name), self.valid))

    def compute(self, formula: Formula) -> Any:
        """Return what the formula says of this image, computed at most once."""
        key = (formula.function, *formula.arguments)
        if key not in self._results:
            values = [getattr(self, name) if isinstance(name, str) else name for name in formula.arguments]
            self._results[key] = load_function(formula.function)(*values)
        return pick(self._results[key], formula.part)

    @property
    def prediction(self) -> NDArray[np.bool_]:
        """(H, W), True where boundary is predicted at the first threshold."""
        prediction: NDArray[np.bool_] = self.probability >= self.thresholds[0]
        return prediction

    @cached_property
    def matches(self) -> NDArray[np.int64]:
        """(T, 3), see `count_matches`."""
        return count_matches(self.probability, self.mask, self.thresholds, self.tolerance_px)

    @property
    def closed_mask(self) -> NDArray[np.bool_]:
        """(H, W), True on the true boundary and at void pixels: cells do not grow together through them."""
        return self.mask if self.valid is None else self.mask | ~self.valid

    @property
    def closed_probability(self) -> NDArray[np.float32]:
        """(H, W), 1 at void pixels."""
        return self.probability if self.valid is None else np.where(self.valid, self.probability, np.float32(1))

    @cached_property
    def true_cells(self) -> Cells:
        """(H, W), 0 is background, boundary or void."""
        return connected_cells(~self.closed_mask) if self.cells is None else self.cells

    @cached_property
    def proposed_cells(self) -> Cells:
        """(H, W), 0 is background, boundary or void."""
        if self.predicted_cells is not None:
            return self.predicted_cells
        return connected_cells(self.closed_probability < self.thresholds[0])

    @property
    def probability_tensor(self) -> Tensor:
        """The probability for torch, (H, W); without void pixels (1, n)."""
        return torch.from_numpy(self.probability if self.valid is None else self.probability[self.valid][None])

    @property
    def mask_tensor(self) -> Tensor:
        """The mask for torch, (H, W); without void pixels (1, n)."""
        return torch.from_numpy(self.mask if self.valid is None else self.mask[self.valid][None])

    @property
    def thresholds_tensor(self) -> Tensor:
        """The thresholds for torch."""
        return torch.from_numpy(self.thresholds)


def _cut(picture: NDArray[Any] | None, valid: NDArray[np.bool_]) -> NDArray[Any] | None:
    """Return the picture with 0 at void pixels."""
    return None if picture is None else np.where(valid, picture, picture.dtype.type(0))
