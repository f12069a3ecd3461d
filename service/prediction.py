"""An image with its prediction: what every format of an answer is made from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize
from seg.inference.artifact_info import Provenance
from seg.instances.flood import Labels


@dataclass(frozen=True)
class Prediction:
    """An image and what the model predicts for it.

    Attributes:
        image: (H, W) or (H, W, C), as it was read, without neighboring sections.
        probabilities: of all channels, (K, H, W); channel 0 is the boundary.
        threshold: probability from which a pixel is boundary.
        boundary_value: of the boundary in masks, 0 or 255.
        pixel: (height, width) of a pixel in micrometers, where it is known.
        tag: of the model.
        provenance: of the model.
        seconds: wall time so far, step -> seconds.
        decode: makes cells, (H, W), of probabilities.
    """

    image: NDArray[Any]
    probabilities: NDArray[np.float32]
    threshold: float
    boundary_value: int
    pixel: PixelSize | None
    tag: str
    provenance: Provenance
    seconds: dict[str, float]
    decode: Callable[[NDArray[np.float32]], Labels]

    @property
    def probability(self) -> NDArray[np.float32]:
        """The probability of a boundary, (H, W)."""
        boundary: NDArray[np.float32] = self.probabilities[0]
        return boundary

    @property
    def boundary(self) -> NDArray[np.bool_]:
        """The predicted boundary, (H, W)."""
        return self.probability >= self.threshold

    def labels(self) -> Labels:
        """Return the cells, (H, W), numbered from 1; the threshold has no influence on them."""
        return self.decode(self.probabilities)
