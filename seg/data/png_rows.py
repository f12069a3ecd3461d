"""The rows of a small PNG, unpacked once, for a decoder that would take twice as long to unpack them itself."""

import zlib

from seg.data.png_chunks import PNG_MAGIC, declared_bytes, list_chunks, make_chunk

_SMALL_BYTES = 1 << 20


def store_rows(data: bytes) -> bytes | None:
    """Return a PNG of the same pixels whose rows are not compressed.

    None where the rows take more than a megabyte, and where anything about them is odd: that is for a decoder to judge.

    Args:
        data: the file, without metadata; it is whole.
    """
    chunks = list_chunks(data)
    head = [chunk for chunk in chunks[:-1] if chunk.kind != b"IDAT"]
    packed = chunks[len(head) : -1]
    size = declared_bytes(chunks[0].content(data))
    if size > _SMALL_BYTES or not all(chunk.kind == b"IDAT" and chunk.is_whole(data) for chunk in packed):
        return None
    inflater = zlib.decompressobj()
    try:
        rows = inflater.decompress(b"".join(chunk.content(data) for chunk in packed), size + 1)
    except zlib.error:
        return None
    if len(rows) != size or not inflater.eof or inflater.unused_data:
        return None
    before = data[len(PNG_MAGIC) : head[-1].end]
    return PNG_MAGIC + before + make_chunk(b"IDAT", zlib.compress(rows, 0)) + data[chunks[-1].start :]
