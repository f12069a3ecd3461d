"""Pages of a TIFF that are read window by window: mapped where they are not compressed, else strip by strip or tile."""

import functools
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, PLANARCONFIG, TiffPage

from seg.data.file_data import FileData, load
from seg.data.image_error import corrupt_image
from seg.data.orientation import ORIENTATION_TAG
from seg.data.raster import Raster, read_blocks
from seg.data.tiff import MAX_SAMPLES, check_samples, normalized, open_page
from seg.data.tiff_segments import check_segments

#: Larger strips or tiles are no way to read a window.
_LARGEST_SEGMENT_BYTES = 1 << 25

_COMPRESSIONS = (
    COMPRESSION.NONE,
    COMPRESSION.LZW,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.DEFLATE,
    COMPRESSION.PACKBITS,
    COMPRESSION.ZSTD,
)


class WholeOnlyError(Exception):
    """A page cannot be read window by window."""


class TiffRaster(Raster):
    """A page of a TIFF.

    Args:
        path: of the file.
        data: its content, for the header.
        page: from 0; required if there are several.
        every_sample: as for `seg.data.tiff.read_tiff`.

    Raises:
        ImageError: it is damaged, or its samples cannot be used.
        WholeOnlyError: it can only be decoded whole.
    """

    def __init__(self, path: Path, data: FileData, page: int | None, every_sample: bool = False) -> None:
        with open_page(data, page) as (file, header, following):
            check_samples(header, MAX_SAMPLES if every_sample else None)
            check_segments(header, data)
            self._offset = _offset(header, following, len(data))
            self._order = file.byteorder
        self._path, self._page, self._every_sample, self._number = path, header, every_sample, page
        self._stored: tuple[int, ...] = header.shape
        self._type = np.dtype(header.dtype).newbyteorder(self._order)
        empty = self._normalized(np.empty((0, 0, *self._stored[2:]), self._type.newbyteorder("=")))
        self.shape, self.dtype = (*self._stored[:2], *empty.shape[2:]), empty.dtype
        self.block = (header.chunks[0], header.chunks[1]) if self._offset is None else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Let processes that prepare batches open the page anew."""
        return _reopen, (self._path, self._number, self._every_sample)

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window.

        Raises:
            ImageError: a strip or tile is damaged.
        """
        if self._offset is None:
            with self._path.open("rb") as file:
                return read_blocks(self, (rows, columns), functools.partial(self._segment, file))
        mapped = np.memmap(self._path, self._type, "r", self._offset, self._stored)
        return self._normalized(np.array(mapped[rows, columns]))  # the map ends here, and its memory with it

    def _normalized(self, window: NDArray[Any]) -> NDArray[Any]:
        return normalized(window, self._page, self._every_sample)

    def _segment(self, file: IO[bytes], rows: slice, columns: slice) -> NDArray[Any]:
        """Return a strip or tile as far as it is within the page."""
        height, width = self._page.chunks[:2]
        number = rows.start // height * self._page.chunked[1] + columns.start // width
        file.seek(self._page.dataoffsets[number])
        content = file.read(self._page.databytecounts[number])
        try:
            decoded, _, (_, height, width, _) = self._page.decode(content, number)
        except Exception as error:  # decoders raise exceptions of every kind on damaged files
            raise corrupt_image() from error
        if decoded is None:
            raise corrupt_image()
        inner: NDArray[Any] = decoded[0, :height, :width]
        return self._normalized(inner if len(self._stored) == 3 else inner[..., 0])


def _reopen(path: Path, page: int | None, every_sample: bool) -> TiffRaster:
    return TiffRaster(path, load(path), page, every_sample)


def _offset(page: TiffPage, following: int, size: int) -> int | None:
    """Return where the samples of a page begin that lie in the file as they are; None where they are decoded.

    Raises:
        ImageError: they are not all there.
        WholeOnlyError: the page can only be decoded whole.
    """
    planar = page.samplesperpixel > 1 and page.planarconfig == PLANARCONFIG.SEPARATE
    ycbcr = page.photometric == PHOTOMETRIC.YCBCR
    if planar or ycbcr or page.tags.valueof(ORIENTATION_TAG, 1) != 1 or page.compression not in _COMPRESSIONS:
        raise WholeOnlyError
    if page.is_contiguous and page.bitspersample in (8, 16, 32, 64):
        offset = page.dataoffsets[0] + following * page.nbytes
        if offset + page.nbytes > size:
            raise corrupt_image()
        return int(offset)
    height, width = page.chunks[:2]
    itemsize = np.dtype(page.dtype).itemsize
    if following or height * width * page.samplesperpixel * itemsize > _LARGEST_SEGMENT_BYTES:
        raise WholeOnlyError
    return None
