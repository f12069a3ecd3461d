"""Put the middle of an image onto another image: does the answer in it stay?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seg.audit.cases import MARGIN_PX, STRONG, Case, change
from seg.model.run_predictor import Predict


@dataclass(frozen=True)
class Context:
    """What the surroundings of a patch change in its middle.

    Attributes:
        changes: one per image.
    """

    changes: list[float]

    @property
    def share(self) -> float:
        """Share of the images whose answer in the patch strongly depends on what surrounds it."""
        return float(np.mean(np.array(self.changes) > STRONG)) if self.changes else 0.0

    @property
    def flagged(self) -> bool:
        """Whether the network decides by the surroundings."""
        return self.share >= 0.25

    @property
    def sentence(self) -> str:
        """What was seen."""
        if not self.changes:
            return "images too small, or of several sizes: the surroundings could not be exchanged"
        return f"with other surroundings the answer in the middle changes strongly in {self.share:.0%} of the images"


def exchange_context(cases: Sequence[Case], predict: Predict) -> Context:
    """Paste the middle of every image onto the next one.

    Args:
        cases: of the audit.
        predict: the network.
    """
    height, width = cases[0].truth.shape
    if len({case.truth.shape for case in cases}) > 1 or min(height, width) < 4 * MARGIN_PX:
        return Context([])
    rows, columns = np.indices((height, width))
    distance = np.minimum.reduce([rows, columns, height - 1 - rows, width - 1 - columns])
    edge = min(height, width) // 8
    patch, middle = distance >= edge, distance >= edge + MARGIN_PX
    changes = []
    for number, case in enumerate(cases):
        other = cases[(number + 1) % len(cases)].image
        changes.append(change(predict(case.image), predict(np.where(patch, case.image, other)), middle))
    return Context(changes)
