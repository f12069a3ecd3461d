"""What was decoded last, as much of it as fits into a budget of memory."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from numpy.typing import NDArray

from seg.data.sample import Sample

Kept = TypeVar("Kept", Sample, NDArray[Any])


class MemoryCache:
    """Samples, and parts of images, that were used last.

    Args:
        budget_bytes: of their arrays.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes, self.used_bytes = budget_bytes, 0
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Let other processes begin with an empty one."""
        return MemoryCache, (self.budget_bytes,)

    def get(self, key: Hashable, load: Callable[[], Kept]) -> Kept:
        """Return what has a key.

        Args:
            key: of one kind of value.
            load: returns it where it is not kept.
        """
        with self._lock:
            kept: Kept | None = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        loaded = load()
        self.put(key, loaded)
        return loaded

    def put(self, key: Hashable, value: Kept) -> None:
        """Keep a value, and forget those that were used longest ago until there is room.

        Args:
            key: of the value.
            value: in memory.
        """
        with self._lock:
            if key in self._kept or _size(value) > self.budget_bytes:
                return
            self._kept[key] = value
            self.used_bytes += _size(value)
            while self.used_bytes > self.budget_bytes:
                _, forgotten = self._kept.popitem(last=False)
                self.used_bytes -= _size(forgotten)


def _size(value: Sample | NDArray[Any]) -> int:
    if not isinstance(value, Sample):
        return value.nbytes
    arrays = (value.image, value.mask, value.labels, value.valid)
    return sum(array.nbytes for array in arrays if array is not None)
