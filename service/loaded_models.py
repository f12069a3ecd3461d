"""Models that are loaded when they are asked for, and unloaded when others need their places."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

from service.refusal import RefusalError
from service.served_model import ServedModel

logger = logging.getLogger("septum.service.model")


class Lease:
    """A model that stays loaded until it is given back.

    Args:
        model: that is used.
        give_back: called once.
    """

    def __init__(self, model: ServedModel, give_back: Callable[[], None] = lambda: None) -> None:
        self._model: ServedModel | None = model
        self._give_back = give_back

    @property
    def model(self) -> ServedModel:
        """The model."""
        assert self._model is not None, "it has been given back"
        return self._model

    def release(self) -> None:
        """Give the model back; nothing happens the second time."""
        model, self._model = self._model, None
        if model is not None:
            self._give_back()


@dataclass
class _Place:
    loading: "Future[ServedModel]"
    users: int = 0

    def is_free(self) -> bool:
        return self.users == 0 and self.loading.done()


class LoadedModels:
    """A few loaded models. The one that was used longest ago makes room, never one that is in use.

    Args:
        load: loads the model of a tag, in a thread, one at a time.
        limit: models loaded or being loaded.
        timeout_s: that a request waits for a model.
    """

    def __init__(self, load: Callable[[str], ServedModel], limit: int, timeout_s: float) -> None:
        self._load, self._limit, self._timeout_s = load, limit, timeout_s
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="septum-load")
        self._lock = Lock()

    def tags(self) -> set[str]:
        """Return the tags of the models that answer without being loaded first."""
        with self._lock:
            return {tag for tag, place in self._places.items() if place.loading.done()}

    async def lease(self, tag: str) -> Lease:
        """Return a model that stays loaded until the lease is released.

        Args:
            tag: of a stored model.

        Raises:
            RefusalError: 503, all places are in use, or it takes too long; 500, the model cannot be loaded.
        """
        place = self._take(tag)
        try:
            async with asyncio.timeout(self._timeout_s):
                model = await asyncio.shield(asyncio.wrap_future(place.loading))
        except BaseException as error:
            self._give_back(place)
            if isinstance(error, TimeoutError):
                raise RefusalError(503, "loading", f"{tag} is being loaded: try again", {"Retry-After": "2"}) from None
            if isinstance(error, Exception):
                raise self._refuse(tag, place, error) from error
            raise
        return Lease(model, lambda: self._give_back(place))

    async def lease_at_once(self, tag: str) -> Lease | None:
        """Return a loaded model; None and load it where it is not.

        Args:
            tag: of a stored model.

        Raises:
            RefusalError: as `lease`.
        """
        if tag in self.tags():
            return await self.lease(tag)
        self._give_back(self._take(tag))
        return None

    def _take(self, tag: str) -> _Place:
        with self._lock:
            if tag not in self._places:
                self._make_room()
                self._places[tag] = _Place(self._pool.submit(self._load, tag))
            self._places.move_to_end(tag)
            place = self._places[tag]
            place.users += 1
        return place

    def _make_room(self) -> None:
        free = [tag for tag, place in self._places.items() if place.is_free()]
        if len(self._places) >= self._limit and not free:
            message = f"{self._limit} other models are in use or being loaded: try again"
            raise RefusalError(503, "busy", message, {"Retry-After": "2"})
        for tag in free[: len(self._places) + 1 - self._limit]:
            del self._places[tag]
            logger.info("%s is unloaded: others are asked for", tag)

    def _give_back(self, place: _Place) -> None:
        with self._lock:
            place.users -= 1

    def _refuse(self, tag: str, place: _Place, error: Exception) -> RefusalError:
        with self._lock:
            if self._places.get(tag) is place:
                del self._places[tag]
                logger.error("%s cannot be loaded: %s", tag, error)
        return RefusalError(500, "damaged_model", f"{tag} cannot be loaded: the log of the service has the reason")
