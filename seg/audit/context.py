"""Put the middle of an image onto another image: does the answer in it stay?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seg.audit.cases import MARGIN_PX, STRONG, Case, change, donors, like
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
            return "images too small, or no two of one size: the surroundings could not be exchanged"
        return f"with other surroundings the answer in the middle changes strongly in {self.share:.0%} of the images"


def exchange_context(cases: Sequence[Case], predict: Predict) -> Context:
    """Paste the middle of every image onto another one.

    Args:
        cases: of one size.
        predict: the network.
    """
    height, width = cases[0].truth.shape
    if len(cases) < 2 or min(height, width) < 4 * MARGIN_PX:
        return Context([])
    rows, columns = np.indices((height, width))
    distance = np.minimum.reduce([rows, columns, height - 1 - rows, width - 1 - columns])
    edge = min(height, width) // 8
    patch, middle = distance >= edge, distance >= edge + MARGIN_PX
    answers = [predict(case.image) for case in cases]
    pasted = [
        np.where(patch, case.image, like(cases[donor].image, case.image))
        for case, donor in zip(cases, donors(answers), strict=True)
    ]
    return Context([change(before, predict(image), middle) for before, image in zip(answers, pasted, strict=True)])
