"""The model that answers requests."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seg.inference.artifact_info import ArtifactInfo


class BoundaryPredictor(Protocol):
    """What predicts: `seg.inference.predictor.Predictor`."""

    info: ArtifactInfo

    def probability(self, image: NDArray[Any], tta: bool = False) -> NDArray[np.float32]:
        """Return the probability of a boundary, (H, W).

        Args:
            image: (H, W) or (H, W, 3), as it was read.
            tta: average over the flips and turns of the image.
        """


@dataclass(frozen=True)
class ServedModel:
    """A predictor and its name.

    Attributes:
        tag: in the model store, e.g. septum:version.
        predictor: loaded and checked.
    """

    tag: str
    predictor: BoundaryPredictor
