"""The content of a file: its bytes, or a memory map of them."""

import io
import mmap
from pathlib import Path
from typing import IO, Any

FileData = bytes | mmap.mmap

#: Larger files are mapped: only what is decoded of them is read.
LARGE_BYTES = 1 << 26


def load(path: Path) -> FileData:
    """Return the content of a file.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        if path.stat().st_size <= LARGE_BYTES:
            return file.read()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def stream(data: FileData) -> IO[Any]:
    """Return a file of the content, to read from its beginning."""
    if isinstance(data, bytes):
        return io.BytesIO(data)
    data.seek(0)
    return data  # type: ignore[return-value]  # it reads, seeks and tells as a file does


def release(data: FileData) -> None:
    """Give back the memory of what was read of a mapped file; it is read again when it is needed."""
    if isinstance(data, mmap.mmap) and hasattr(data, "madvise"):
        data.madvise(mmap.MADV_DONTNEED)
