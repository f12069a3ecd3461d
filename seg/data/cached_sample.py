"""Images that are decoded when they are needed, and kept within a budget of memory."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from seg.data.lazy_sample import LazySample
from seg.data.sample import Sample, Window


class SampleCache:
    """The samples that were used last, as many as fit into a budget.

    Args:
        budget_bytes: of their arrays.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes, self.used_bytes = budget_bytes, 0
        self._kept: OrderedDict[str, Sample] = OrderedDict()
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Let other processes begin with an empty one."""
        return SampleCache, (self.budget_bytes,)

    def get(self, key: str, load: Callable[[], Sample]) -> Sample:
        """Return a sample.

        Args:
            key: of the sample.
            load: returns it where it is not kept.
        """
        with self._lock:
            sample = self._kept.get(key)
            if sample is not None:
                self._kept.move_to_end(key)
                return sample
        sample = load()
        self.put(key, sample)
        return sample

    def put(self, key: str, sample: Sample) -> None:
        """Keep a sample, and forget those that were used longest ago until there is room.

        Args:
            key: of the sample.
            sample: in memory.
        """
        with self._lock:
            if key in self._kept or _size(sample) > self.budget_bytes:
                return
            self._kept[key] = sample
            self.used_bytes += _size(sample)
            while self.used_bytes > self.budget_bytes:
                _, forgotten = self._kept.popitem(last=False)
                self.used_bytes -= _size(forgotten)


class CachedSample(LazySample):
    """A sample that is decoded whenever its arrays are needed and the cache has forgotten them.

    Args:
        sample: as decoded once; from then on the cache alone keeps its arrays.
        key: of the sample in the cache.
        cache: of its source.
        load: decodes it again.
    """

    _key: str
    _cache: SampleCache
    _load: Callable[[], Sample]
    _facts: dict[str, Any]

    def __init__(self, sample: Sample, key: str, cache: SampleCache, load: Callable[[], Sample]) -> None:
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


def _size(sample: Sample) -> int:
    arrays = (sample.image, sample.mask, sample.labels, sample.valid)
    return sum(array.nbytes for array in arrays if array is not None)
