"""The chunks of a PNG, checked before a decoder reads them."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from seg.data.image_error import ImageError, check_budget, corrupt_image

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

#: Chunks beyond those that a file of pixels needs, which has one for every 8 kB or more.
MAX_SPARE_CHUNKS, _SMALLEST_CHUNK = 1000, 1024

_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_WHOLE = ((0, 0, 1, 1),)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_PIECE, _STEP = 1 << 16, 1 << 20

#: Beside the critical chunks: transparency, and the frames of an animation.
_KEPT = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})
_CRITICAL_IF_CLEAR = 0x20


@dataclass(frozen=True)
class Chunk:
    """A part of the file: its kind, and where it begins and ends, its length and sum included."""

    kind: bytes
    start: int
    end: int

    def content(self, data: bytes) -> bytes:
        """Return what the chunk holds; `data` is the file."""
        return data[self.start + 8 : self.end - 4]

    def is_whole(self, data: bytes) -> bool:
        """Return whether its sum is right; `data` is the file."""
        return zlib.crc32(data[self.start + 4 : self.end - 4]) == int.from_bytes(data[self.end - 4 : self.end])


def list_chunks(data: bytes) -> list[Chunk]:
    """Return the chunks up to IEND, which a truncated file lacks.

    Raises:
        ImageError: the file is truncated, or has far more chunks than its pixels need.
    """
    chunks: list[Chunk] = []
    limit = MAX_SPARE_CHUNKS + len(data) // _SMALLEST_CHUNK
    for chunk in _walk(data):
        chunks.append(chunk)
        check_budget("PNG chunks", len(chunks), limit)
    if chunks[-1].end > len(data):
        raise corrupt_image()
    return chunks


def without_metadata(data: bytes, chunks: list[Chunk]) -> bytes:
    """Return the file with what pixels are made of, and nothing else.

    Args:
        data: the file.
        chunks: of it.
    """
    kept = (chunk for chunk in chunks if not chunk.kind[0] & _CRITICAL_IF_CLEAR or chunk.kind in _KEPT)
    return PNG_MAGIC + b"".join(data[chunk.start : chunk.end] for chunk in kept)


def check_pixel_data(data: bytes, chunks: list[Chunk]) -> None:
    """Refuse pixel data that unpacks to more than the image, which decoders unpack and drop.

    Args:
        data: the file.
        chunks: of it.

    Raises:
        ImageError: there is more than the header declares.
    """
    left = declared_bytes(chunks[0].content(data))
    for size in _unpacked_sizes(data, chunks):
        left -= size
        if left < 0:
            raise ImageError("corrupt_image", "the image has more pixel data than its size needs: save it again")


def make_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with its length and sum.

    Args:
        kind: four letters.
        content: what it holds.
    """
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _walk(data: bytes) -> Iterator[Chunk]:
    kind, start = b"", len(PNG_MAGIC)
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, start)
        yield Chunk(kind, start, start + length + 12)
        start += length + 12


def declared_bytes(header: bytes) -> int:
    """Return the size of the unpacked rows, each of which has a byte for its filter.

    Args:
        header: content of the first chunk.
    """
    width, height, bits, color, *_, interlaced = struct.unpack(">IIBBBBB", header)
    total = 0
    for left, top, across, down in _ADAM7 if interlaced else _WHOLE:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0:
            total += max(rows, 0) * (1 + (columns * bits * _SAMPLES[color] + 7) // 8)
    return total


def _unpacked_sizes(data: bytes, chunks: list[Chunk]) -> Iterator[int]:
    inflater, view = zlib.decompressobj(), memoryview(data)
    for chunk in chunks:
        if chunk.kind != b"IDAT":
            continue
        for start in range(chunk.start + 8, chunk.end - 4, _PIECE):
            pending: bytes | memoryview = view[start : min(start + _PIECE, chunk.end - 4)]
            while len(pending) and not inflater.eof:
                yield len(inflater.decompress(pending, _STEP))
                pending = inflater.unconsumed_tail
