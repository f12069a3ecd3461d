"""Loads the model that answers, and replaces it without a pause."""

import logging
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import bentoml

from seg.inference.manifest import verify
from service.model_store import load_model
from service.served_model import ServedModel

_PIN = "SEPTUM_PIN_FILE"  # between the processes of one service, not for users

logger = logging.getLogger("septum.service.model")


def make_pin() -> Callable[[], None] | None:
    """Create the file in which the workers of this process keep the tag of the served model; return what removes it.

    None in a worker, which inherits the file from its parent.
    """
    if _PIN in os.environ:
        return None
    folder = Path(tempfile.mkdtemp(prefix="septum-"))
    os.environ[_PIN] = str(folder / "model")
    return lambda: shutil.rmtree(folder, ignore_errors=True)


def find_model(tag: str) -> bentoml.Model:
    """Return the model that the previous worker served; at the first start, the newest of this tag.

    Raises:
        FileNotFoundError: it is incomplete.
        ValueError: a file of it is damaged.
    """
    pin = Path(os.environ[_PIN])
    model = bentoml.models.get(pin.read_text(encoding="utf-8") if pin.is_file() else tag)
    verify(Path(model.path))
    return model


class ModelLoader:
    """Loads models, checks each and hands it over.

    Args:
        tag: in BentoML's store, e.g. septum:latest.
        engine: as in `Predictor.load`.
        workers: that predict at a time.
        serve: called with a model that is ready to answer.
    """

    def __init__(self, tag: str, engine: str, workers: int, serve: Callable[[ServedModel], None]) -> None:
        self._tag, self._engine, self._workers, self._serve = tag, engine, workers, serve
        self._loading = threading.Lock()

    def load(self, model: bentoml.Model) -> None:
        """Serve a model from now on, in later workers as well.

        Raises:
            OSError, ValueError, RuntimeError: it cannot be loaded or answers differently; the previous one stays.
        """
        self._serve(load_model(model, self._engine, self._workers))
        Path(os.environ[_PIN]).write_text(str(model.tag), encoding="utf-8")

    def reload(self) -> None:
        """Serve the newest model of the tag; if it cannot be served, the previous one goes on answering."""
        with self._loading:
            try:
                model = bentoml.models.get(self._tag)
                self.load(model)
            except Exception as error:  # whatever it is, the service must go on
                logger.error("reload of %s failed, the previous model goes on answering: %s", self._tag, error)
            else:
                logger.info("reloaded: %s answers", model.tag)

    def reload_on_hangup(self) -> None:
        """Reload at every SIGHUP; Windows has no such signal."""
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is None:
            logger.info("this system has no SIGHUP: restart the service to serve another model")
        else:
            signal.signal(hangup, self._reload_beside)

    def _reload_beside(self, *_signal: object) -> None:
        """Reload in a thread, while requests are answered."""
        threading.Thread(target=self.reload, name="septum-reload", daemon=True).start()
