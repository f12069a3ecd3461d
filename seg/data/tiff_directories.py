"""The directories of a TIFF, counted and measured before a decoder reads them."""

import struct
from collections.abc import Iterator

from seg.data.file_data import FileData
from seg.data.image_error import check_budget, corrupt_image

TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

#: Pages of a file; bytes of all values of one page, and strips or tiles of it.
MAX_DIRECTORIES, MAX_METADATA_BYTES, MAX_SEGMENTS = 100_000, 1 << 22, 1 << 17

_MAX_ENTRIES = 4096
_SEGMENT_TAGS = frozenset({273, 279, 324, 325})  # offsets and byte counts of strips and tiles
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


class Directories:
    """Where the directories of a file begin, one per page.

    Args:
        data: the file.

    Raises:
        ImageError: there are more than a decoder should have to read.
    """

    def __init__(self, data: FileData) -> None:
        self._data = data
        order, big = "<>"[data[:1] == b"M"], data[:4] in TIFF_MAGIC[2:]
        self._first = struct.Struct(order + "Q"), 8
        self._count, self._entry, self._next = (struct.Struct(order + code) for code in ("Q", "HHQ8x", "Q"))
        if not big:
            self._first = struct.Struct(order + "I"), 4
            self._count, self._entry, self._next = (struct.Struct(order + code) for code in ("H", "HHI4x", "I"))
        self._starts = list(self._walk())

    def check(self, page: int) -> None:
        """Measure what the directory of a page holds.

        Args:
            page: from 0; one that is not there is left to the decoder.

        Raises:
            ImageError: it is damaged, or holds more than a decoder should have to read.
        """
        if page >= len(self._starts):
            return
        metadata = 0
        for tag, kind, count in self._entries(self._starts[page]):
            if tag in _SEGMENT_TAGS:
                check_budget("strips or tiles", count, MAX_SEGMENTS)
            else:
                metadata += count * _TYPE_BYTES.get(kind, 1)
        check_budget("bytes of metadata", metadata, MAX_METADATA_BYTES)

    def _walk(self) -> Iterator[int]:
        """Yield the starts up to the end of the chain, or to where it leaves the file or meets itself."""
        field, position = self._first
        seen: set[int] = set()
        while position + field.size <= len(self._data):
            (start,) = field.unpack_from(self._data, position)
            if not start or start in seen or start + self._count.size > len(self._data):
                return
            seen.add(start)
            check_budget("TIFF directories", len(seen), MAX_DIRECTORIES)
            yield start
            (entries,) = self._count.unpack_from(self._data, start)
            field, position = self._next, start + self._count.size + entries * self._entry.size

    def _entries(self, start: int) -> Iterator[tuple[int, int, int]]:
        """Yield tag, type and count of each value."""
        (count,) = self._count.unpack_from(self._data, start)
        first = start + self._count.size
        if count > _MAX_ENTRIES or first + count * self._entry.size > len(self._data):
            raise corrupt_image()
        return self._entry.iter_unpack(self._data[first : first + count * self._entry.size])
