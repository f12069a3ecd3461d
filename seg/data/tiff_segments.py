"""The strips and tiles of a TIFF page, checked before they are decoded."""

import io
import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tifffile import COMPRESSION, TiffPage

from seg.data.file_data import FileData
from seg.data.image_error import ImageError, check_size, corrupt_image
from seg.data.jpeg import check_segments as check_jpeg

CCITT = (COMPRESSION.CCITTRLE, COMPRESSION.CCITT_T4, COMPRESSION.CCITT_T6)

_MAX_TILE_PIXELS = 1 << 22
_SMALLEST_TILE_PX = 8

#: Two-dimensional coding is at most this much longer than run lengths, besides these bytes for the ends of a row.
_LONGEST_CODING, _ROW_BYTES = 1.75, 4


def check_segments(page: TiffPage, data: FileData) -> None:
    """Check that strips and tiles are all there, in the file, apart, and as large as the image needs.

    Decoders fill missing ones with zeros, and decode bytes that several of them share once for each.

    Args:
        page: of the file.
        data: the file.

    Raises:
        ImageError: a segment is missing, too short, too large, or shares bytes with another.
    """
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    missing = len(segments) < math.prod(page.chunked)
    if missing or any(count < 1 or offset < 1 or offset + count > len(data) for offset, count in segments):
        raise corrupt_image()
    if any(offset + count > following for (offset, count), (following, _) in itertools.pairwise(sorted(segments))):
        raise ImageError("corrupt_image", "strips or tiles of the image share bytes: save it again")
    if page.is_contiguous and sum(page.databytecounts) < page.nbytes:
        raise corrupt_image()
    if page.is_tiled:
        _check_tile(page.tilelength, page.tilewidth)
    if page.compression == COMPRESSION.JPEG:
        height, width = (page.tilelength, page.tilewidth) if page.is_tiled else (page.imagelength, page.imagewidth)
        for offset, count in segments:
            check_size(*check_jpeg(data[offset : offset + count]), height * width)


def check_decoded(image: NDArray[Any], page: TiffPage) -> None:
    """Refuse CCITT data that is much longer than the pixels made of it: its decoder stops silently at an error.

    Args:
        image: (H, W), as decoded.
        page: that it was decoded from.

    Raises:
        ImageError: most of the data cannot have become pixels.
    """
    if page.compression in CCITT:
        stream = io.BytesIO()
        Image.fromarray(image.astype(np.bool_)).save(stream, "TIFF", compression="tiff_ccitt")
        longest = _LONGEST_CODING * stream.tell() + _ROW_BYTES * len(image)
        if sum(page.databytecounts) > longest:
            raise corrupt_image()


def _check_tile(height: int, width: int) -> None:
    check_size(height, width, _MAX_TILE_PIXELS)
    if min(height, width) < _SMALLEST_TILE_PX:
        raise ImageError("unsupported_samples", f"tiles of {width}x{height} pixels: not supported, save it again")
