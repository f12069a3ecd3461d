"""Which model answers a request: the served one, or another one of the store that the request names."""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from service.loaded_models import Lease, LoadedModels
from service.refusal import RefusalError
from service.served_model import ModelStore, ServedModel, StoredModel
from service.settings import Settings

#: Nothing that could be a path.
TAG = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(:[A-Za-z0-9_-][A-Za-z0-9_.-]*)?")
LONGEST_TAG = 200

#: Tags in a message.
_NAMED = 20

#: Steps in which the share of a canary is told.
_SHARES = 1_000_000

logger = logging.getLogger("septum.service.model")


@dataclass(frozen=True)
class ModelSummary:
    """A row of `GET /models`.

    Attributes:
        tag: for `?model=`.
        latest: whether it was promoted last.
        served: whether it answers requests that name none.
        loaded: whether it answers without being loaded first.
        created: ISO 8601; null: it has been deleted from the store since it was loaded.
        name: arm of the comparison that it comes from.
        loss: class path of its loss.
        engine: torch, openvino or int8.
        channels: of the images that it takes: 1 is grey, 3 RGB.
        context: sections of a stack on either side that it takes, too.
        metric: that chose it, and that the scores are of.
        validation: mean score on validation, if it is known.
        test: mean score on test, if it is known.
    """

    tag: str
    latest: bool
    served: bool
    loaded: bool
    created: str | None
    name: str
    loss: str
    engine: str
    channels: int
    context: int
    metric: str
    validation: float | None
    test: float | None


class ModelChoice:
    """Finds, loads and lists models.

    Args:
        settings: how many stay loaded, and for how long a request waits.
        store: where the models are.
        served: returns the model that answers requests that name none, or raises.
    """

    def __init__(self, settings: Settings, store: ModelStore, served: Callable[[], ServedModel]) -> None:
        self._store, self._served = store, served
        self._loaded = LoadedModels(store.load, settings.other_models, settings.work_timeout_s)
        self._only_served = settings.other_models == 0
        self._canary, self._canary_share = settings.canary, settings.canary_share

    async def lease(self, tag: str | None) -> Lease:
        """Return the model that a request asks for; it stays loaded until the lease is released.

        Args:
            tag: with or without the name before the colon, or `latest`; None: the served model.

        Raises:
            RefusalError: 422, it is no tag; 404, there is no such model; 503 or 500 as `LoadedModels.lease`.
        """
        served = self._served()
        if tag is None:
            return await self._lease_canary() or Lease(served)
        if tag == served.tag:
            return Lease(served)
        found = (await self._find(tag)).tag
        return Lease(served) if found == served.tag else await self._loaded.lease(found)

    async def _lease_canary(self) -> Lease | None:
        """Return the canary for its share of the requests, if it is there and loaded; nobody waits for it."""
        if not self._canary or secrets.randbelow(_SHARES) >= self._canary_share * _SHARES:
            return None
        try:
            found = (await self._find(self._canary)).tag
            return None if found == self._served().tag else await self._loaded.lease_at_once(found)
        except RefusalError as error:
            logger.error("the canary does not answer: %s", error.message)
            return None

    async def describe(self, tag: str | None) -> StoredModel:
        """Return what is known of a model, without loading it.

        Args:
            tag: as for `lease`.
        """
        served = self._served()
        return _served_alone(served) if tag in (None, served.tag) else await self._find(str(tag))

    async def summarize(self) -> list[ModelSummary]:
        """Return a row per model, the latest first."""
        served, loaded = self._served(), self._loaded.tags()
        return [
            _summarize(model, model.tag == served.tag, model.tag == served.tag or model.tag in loaded)
            for model in await self._models()
        ]

    async def _models(self) -> list[StoredModel]:
        served = self._served()
        stored = await asyncio.to_thread(self._store.list)
        if self._only_served:
            stored = [model for model in stored if model.tag == served.tag]
        gone = all(model.tag != served.tag for model in stored)
        return [_served_alone(served), *stored] if gone else stored

    async def _find(self, tag: str) -> StoredModel:
        if len(tag) > LONGEST_TAG or not TAG.fullmatch(tag):
            raise RefusalError(422, "bad_model", "model must be a tag that GET /models lists, e.g. septum:latest")
        models = await self._models()
        for model in models:
            if tag in _names(model):
                return model
        known = ", ".join(model.tag for model in models[:_NAMED]) + (", ..." if len(models) > _NAMED else "")
        raise RefusalError(404, "unknown_model", f"there is no model {tag}: GET /models lists {known}")


def _names(model: StoredModel) -> set[str]:
    name, _, version = model.tag.partition(":")
    return {model.tag, version} | ({name, f"{name}:latest", "latest"} if model.latest else set())


def _served_alone(model: ServedModel) -> StoredModel:
    return StoredModel(model.tag, False, None, model.engine, model.predictor.info)


def _summarize(model: StoredModel, served: bool, loaded: bool) -> ModelSummary:
    info = model.info
    validation, test = (info.scores.get(split, {}).get(info.rank_by) for split in ("validation", "test"))
    return ModelSummary(
        tag=model.tag,
        latest=model.latest,
        served=served,
        loaded=loaded,
        created=model.created.isoformat(timespec="seconds") if model.created else None,
        name=info.provenance.name,
        loss=info.provenance.loss,
        engine=model.engine,
        channels=info.network.in_channels,
        context=info.context,
        metric=info.rank_by,
        validation=validation,
        test=test,
    )
