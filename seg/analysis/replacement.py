"""Whether a new model is better than the one that answers now, on the same test images."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seg.analysis.units import Units
from seg.analysis.variance import Scores
from seg.metrics.table import METRICS

Comparison = Literal["better", "worse", "not told apart"]


@dataclass(frozen=True)
class Replacement:
    """Two models on the same test images.

    Attributes:
        metric: key of the metric, one that ranks: larger is better.
        new: its mean for the new model.
        old: its mean for the old model.
        low: lower end of the 95 % interval of new - old over test images, or groups of them; NaN: there is none.
        high: its upper end.
        units: the test images.
    """

    metric: str
    new: float
    old: float
    low: float
    high: float
    units: Units

    @classmethod
    def of(cls, metric: str, new: Scores, old: Scores, units: Units) -> "Replacement":
        """Compare the scores of two models.

        Both models are fixed: the interval is over images, or groups or sections of them, not over seeds.

        Args:
            metric: key of the metric.
            new: (I,), of the new model.
            old: (I,), of the old model.
            units: what is independent among the images.
        """
        difference = np.asarray(new) - np.asarray(old)
        uncertainty = units.variance(np.stack([difference, difference]))  # seeds that do not vary
        low, high = uncertainty.interval() if uncertainty else (math.nan, math.nan)
        return cls(metric, float(np.mean(new)), float(np.mean(old)), low, high, units)

    @property
    def verdict(self) -> Comparison:
        """What the interval says of the new model."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "not told apart"

    def __str__(self) -> str:
        words = {"better": "is better than", "worse": "is worse than", "not told apart": "cannot be told apart from"}
        interval = f" [{self.low:+.3f}, {self.high:+.3f}]" if not math.isnan(self.low) else f" ({self.units.unfit})"
        count = self.units.count
        return (
            f"the new model {words[self.verdict]} the one before on the same {count} test images: "
            f"{METRICS[self.metric].label} {self.new:.3f} against {self.old:.3f}, {self.new - self.old:+.3f}{interval}"
        )
