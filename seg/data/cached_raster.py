"""Pictures on a disk whose decoded strips, tiles or chunks are kept within a budget of memory."""

import math
from typing import Any

from numpy.typing import NDArray

from seg.data.memory_cache import MemoryCache
from seg.data.raster import Raster, read_blocks


class CachedRaster(Raster):
    """A picture that decodes each of its blocks once, as long as the cache keeps it.

    Args:
        raster: the picture on the disk, which has blocks.
        key: of the picture in the cache.
        cache: of its source.
    """

    def __init__(self, raster: Raster, key: tuple[str, ...], cache: MemoryCache) -> None:
        self.shape, self.dtype, self.block = raster.shape, raster.dtype, raster.block
        self._raster, self._key, self._cache = raster, key, cache

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window."""
        return read_blocks(self, (rows, columns), self._kept)

    def _kept(self, rows: slice, columns: slice) -> NDArray[Any]:
        place = (*self._key, rows.start, columns.start)
        return self._cache.get(place, lambda: self._raster.read(rows, columns))


def cached(raster: Raster, key: tuple[str, ...], cache: MemoryCache) -> Raster:
    """Return a picture whose blocks are kept, or itself where that gains nothing.

    Args:
        raster: the picture on the disk.
        key: of the picture in the cache.
        cache: of its source.
    """
    if raster.block is None:
        return raster
    block_bytes = math.prod(raster.block) * math.prod(raster.shape[2:]) * raster.dtype.itemsize
    return raster if block_bytes > cache.budget_bytes else CachedRaster(raster, key, cache)
