"""What a metric is: its words, which way is better, and the function that computes it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Thresholds = NDArray[np.float32]


@dataclass(frozen=True)
class Formula:
    """A function by its path, and what it is called with: who reads only words loads neither torch nor scikit-image.

    Attributes:
        function: path below seg.metrics, e.g. "topology.cl_dice".
        arguments: names of attributes of `seg.metrics.scored_image.ScoredImage`, or numbers. Formulas of the same
            function and arguments are computed once per image.
        part: of the result, by attribute or place; None: all of it.
    """

    function: str
    arguments: tuple[str | int, ...]
    part: str | int | None = None


def load_function(path: str) -> Callable[..., Any]:
    """Import the function at a path below seg.metrics, e.g. "topology.cl_dice"."""
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(f"seg.metrics.{module}"), name)
    return function


def pick(result: Any, part: str | int | None) -> Any:
    """Return a part of a result, or of each result in a list.

    Args:
        result: what a formula has returned.
        part: an attribute or a place; None: all of it.
    """
    if part is None:
        return result
    if isinstance(result, list):
        return [pick(each, part) for each in result]
    return result[part] if isinstance(part, int) else getattr(result, part)


@dataclass(frozen=True)
class Metric:
    """One score of an image.

    Attributes:
        key: in records and files.
        label: for people.
        formula: of one image.
        better: which values are better.
        bounds: least and largest possible value.
        unit: "" for a number without.
        source: of the definition.
        validated: whether each validation computes it, too.
    """

    key: str
    label: str
    formula: Formula
    better: Literal["larger", "smaller", "nearer to 1"] = "larger"
    bounds: tuple[float, float] = (0.0, 1.0)
    unit: str = ""
    source: str = ""
    validated: bool = False

    @property
    def title(self) -> str:
        """The label with its unit, and what is better unless larger is, e.g. "HD95, px (smaller is better)"."""
        name = f"{self.label}, {self.unit}" if self.unit else self.label
        return name if self.better == "larger" else f"{name} ({self.better} is better)"

    @property
    def at_thresholds(self) -> bool:
        """Whether the formula returns a value per threshold."""
        return not {"thresholds", "thresholds_tensor"}.isdisjoint(self.formula.arguments)

    @property
    def of_cells(self) -> bool:
        """Whether it compares the cells that a decoder makes, to which no threshold of the boundary matters."""
        return "proposed_cells" in self.formula.arguments

    @property
    def may_rank(self) -> bool:
        """Whether validation can choose the epoch by it, and the threshold or the decoder of cells."""
        return (self.at_thresholds or self.of_cells) and self.better == "larger"

    def compare_cells(self, proposed: NDArray[np.int32], true: NDArray[np.int32]) -> float:
        """Return the value of a metric of cells.

        Args:
            proposed: (H, W), 0 is background.
            true: (H, W), 0 is background.
        """
        cells = {"proposed_cells": proposed, "true_cells": true}
        arguments = [cells[str(name)] for name in self.formula.arguments]
        return float(pick(load_function(self.formula.function)(*arguments), self.formula.part))

    def merit(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values turned so that larger is better."""
        if self.better == "nearer to 1":
            return -np.abs(values - 1)
        return -values if self.better == "smaller" else values


@dataclass(frozen=True)
class OptimisticMetric:
    """A score of all images together, at thresholds that these images chose themselves.

    Attributes:
        key, label: as those of `Metric`.
        formula: of one image, at all thresholds.
        thresholds: (T,), to choose from.
        pool: path below seg.metrics of the function of what the formula returns for N images, (N, T, ...).
        part: of what `pool` returns, by place; None: all of it.
    """

    key: str
    label: str
    formula: Formula
    thresholds: Thresholds
    pool: str
    part: int | None = None
