"""Images that are decoded when they are needed, and kept within a budget of memory."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from seg.data.lazy_sample import LazySample
from seg.data.memory_cache import MemoryCache
from seg.data.sample import Sample, Window


class CachedSample(LazySample):
    """A sample that is decoded whenever its arrays are needed and the cache has forgotten them.

    Args:
        sample: as decoded once; from then on the cache alone keeps its arrays.
        key: of the sample in the cache.
        cache: of its source.
        load: decodes it again.
    """

    _key: str
    _cache: MemoryCache
    _load: Callable[[], Sample]
    _facts: dict[str, Any]

    def __init__(self, sample: Sample, key: str, cache: MemoryCache, load: Callable[[], Sample]) -> None:
        cache.put(key, sample)
        facts = {name: getattr(sample, name) for name in _FACTS}
        same = {name: getattr(sample, name) for name in ("name", "thickness_px", "pixel")}
        vars(self).update(same, _key=key, _cache=cache, _load=load, _facts=facts)

    def whole(self) -> Sample:
        """Return all of it in memory."""
        return self._cache.get(self._key, self._load)

    def window(self, window: Window) -> Sample:
        """Return a part of it in memory."""
        return self.whole().window(window)

    def strips(self) -> Iterator[Sample]:
        """Return all of it in memory."""
        yield self.whole()

    def image_strips(self) -> Iterator[NDArray[Any]]:
        """Return the image."""
        yield self.whole().image

    @property
    def shape(self) -> tuple[int, ...]:
        """As of `Sample`; nothing is decoded."""
        return cast("tuple[int, ...]", self._facts["shape"])

    @property
    def dtype(self) -> np.dtype[Any]:
        """As of `Sample`; nothing is decoded."""
        return cast("np.dtype[Any]", self._facts["dtype"])

    @property
    def labeled(self) -> bool:
        """As of `Sample`; nothing is decoded."""
        return cast("bool", self._facts["labeled"])

    @property
    def partly(self) -> bool:
        """As of `Sample`; nothing is decoded."""
        return cast("bool", self._facts["partly"])

    @property
    def boundary_share(self) -> float:
        """As of `Sample`; nothing is decoded."""
        return cast("float", self._facts["boundary_share"])

    @property
    def void_share(self) -> float:
        """As of `Sample`; nothing is decoded."""
        return cast("float", self._facts["void_share"])


_FACTS = ("shape", "dtype", "labeled", "partly", "boundary_share", "void_share")
