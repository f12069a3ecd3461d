"""An image with its prediction: what every format of an answer is made from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize
from seg.inference.artifact_info import ArtifactInfo
from seg.inference.novelty import Novelty
from seg.instances.labels import Labels


@dataclass(frozen=True)
class Prediction:
    """An image and what the model predicts for it.

    Attributes:
        image: (H, W) or (H, W, C), as it was read, without neighboring sections.
        probabilities: of all channels, (K, H, W); channel 0 is the boundary.
        threshold: probability from which a pixel is boundary.
        pixel: (height, width) of a pixel in micrometers, where it is known.
        tag: of the model.
        info: of the model.
        tta: whether the probabilities are a mean over the turned and mirrored image.
        seconds: wall time so far, step -> seconds.
        decode: makes cells, (H, W), of probabilities.
        novelty: how unlike the images of the training it is; None: the model does not know them.
    """

    image: NDArray[Any]
    probabilities: NDArray[np.float32]
    threshold: float
    pixel: PixelSize | None
    tag: str
    info: ArtifactInfo
    tta: bool
    seconds: dict[str, float]
    decode: Callable[[NDArray[np.float32]], Labels]
    novelty: Novelty | None = None

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
        return self._labels

    @cached_property
    def _labels(self) -> Labels:
        return self.decode(self.probabilities)
