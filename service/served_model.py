"""The model that answers requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seg.inference.artifact_info import ArtifactInfo
from seg.instances.flood import Labels


class BoundaryPredictor(Protocol):
    """What predicts: `seg.inference.predictor.Predictor`."""

    info: ArtifactInfo

    def probabilities(
        self, image: NDArray[Any], tta: bool | None = None, before_tile: Callable[[], None] | None = None
    ) -> NDArray[np.float32]:
        """Return the probabilities of all channels, (K, H, W).

        Args:
            image: (H, W) or (H, W, 3), as it was read.
            tta: average over the flips and turns of the image; None: as the model's scores were made.
            before_tile: called before each tile; what it raises ends the prediction.
        """

    def decode(self, probabilities: NDArray[np.float32], image: NDArray[Any]) -> Labels:
        """Return the cells, (H, W).

        Args:
            probabilities: as `probabilities` returns them.
            image: that they are of.
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
