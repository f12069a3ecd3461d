"""BentoML's model store as the application sees it."""

import logging
import time
from pathlib import Path
from threading import Lock

import bentoml

from seg.inference.artifact_info import ArtifactInfo
from seg.inference.engine_choice import choose_engine
from seg.inference.predictor import Predictor
from service.models import stored_models
from service.served_model import ServedModel, StoredModel

#: How long a list is used again: what was promoted or deleted since shows this much later.
_LISTED_S = 2.0

logger = logging.getLogger("septum.service.model")


def load_model(model: bentoml.Model, engine: str, workers: int) -> ServedModel:
    """Load a model after checking that it is whole and answers as it did when it was promoted.

    Args:
        model: as it is stored.
        engine: as in `Predictor.load`.
        workers: that predict at a time.

    Raises:
        OSError, ValueError, RuntimeError: it cannot be loaded or answers differently.
    """
    folder = Path(model.path)
    predictor = Predictor.load(folder, engine, any_size=True, calls=workers)
    return ServedModel(str(model.tag), predictor, choose_engine(folder, engine))


class BentoModelStore:
    """The models of one name.

    Args:
        name: the part of their tags before the colon.
        engine: as in `Predictor.load`.
        workers: that predict at a time.
    """

    def __init__(self, name: str, engine: str, workers: int) -> None:
        self._name, self._engine, self._workers = name, engine, workers
        self._lock = Lock()
        self._listed: tuple[float, list[StoredModel]] | None = None

    def list(self) -> list[StoredModel]:
        """Return the models that can be served, the latest first; damaged ones are left out."""
        with self._lock:
            if self._listed is None or time.monotonic() - self._listed[0] > _LISTED_S:
                models = stored_models(self._name)
                found = [self._describe(model, latest=number == 0) for number, model in enumerate(models)]
                self._listed = time.monotonic(), [model for model in found if model is not None]
            return self._listed[1]

    def load(self, tag: str) -> ServedModel:
        """Load a model.

        Args:
            tag: with its version.

        Raises:
            BentoMLException, OSError, ValueError, RuntimeError: it is not there, not whole, or answers differently.
        """
        return load_model(bentoml.models.get(tag), self._engine, self._workers)

    def _describe(self, model: bentoml.Model, latest: bool) -> StoredModel | None:
        folder = Path(model.path)
        try:
            info, engine = ArtifactInfo.load(folder), choose_engine(folder, self._engine)
        except (OSError, ValueError) as error:
            logger.debug("%s is not listed: %s", model.tag, error)
            return None
        return StoredModel(str(model.tag), latest, model.info.creation_time, engine, info)
