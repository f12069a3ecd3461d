"""The model that answers requests, and the others that could."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seg.inference.artifact_info import ArtifactInfo
from seg.instances.decoder import Decoder
from seg.instances.labels import Labels

#: Of an answer: the tag of the model that it comes from.
MODEL_HEADER = "X-Septum-Model"

#: Of an answer: how far the image is from those of the training, and in what it is unlike them.
NOVELTY_HEADER, UNLIKE_HEADER = "X-Septum-Novelty", "X-Septum-Unlike"


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

    def decode(self, probabilities: NDArray[np.float32], image: NDArray[Any], decoder: Decoder | None = None) -> Labels:
        """Return the cells, (H, W).

        Args:
            probabilities: as `probabilities` returns them.
            image: that they are of.
            decoder: the model's own if None.
        """


@dataclass(frozen=True)
class ServedModel:
    """A predictor and its name.

    Attributes:
        tag: in the model store, e.g. septum:version.
        predictor: loaded and checked.
        engine: that runs it: torch, openvino or int8.
    """

    tag: str
    predictor: BoundaryPredictor
    engine: str


@dataclass(frozen=True)
class StoredModel:
    """A model that is stored, loaded or not.

    Attributes:
        tag: in the model store, e.g. septum:version.
        latest: whether it is the one that `septum:latest` stands for.
        created: when it was promoted; None: it is no longer in the store.
        engine: that would run it here.
        info: its description.
    """

    tag: str
    latest: bool
    created: datetime | None
    engine: str
    info: ArtifactInfo


class ModelStore(Protocol):
    """Where models are stored; the application calls it in threads, never in its event loop."""

    def list(self) -> list[StoredModel]:
        """Return the models that can be served, the latest first."""

    def load(self, tag: str) -> ServedModel:
        """Load a model that `list` returned, after checking that it is whole.

        Raises:
            Exception: it cannot be loaded.
        """
