"""The only image decoder: training, prediction and service get the same pixels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.file_data import FileData
from seg.data.image_error import ImageError, corrupt_image
from seg.data.jpeg import JPEG_MAGIC, read_jpeg, read_jpeg_size
from seg.data.planes import Planes
from seg.data.png import read_png, read_png_size
from seg.data.png_chunks import PNG_MAGIC
from seg.data.tiff import count_tiff_pages, read_tiff, read_tiff_size
from seg.data.tiff_directories import TIFF_MAGIC
from seg.data.tiff_planes import read_tiff_planes, tiff_layout

MAX_PIXELS = 1 << 28

#: One page, grey or RGB.
PLAIN = Planes()


def read_image(
    data: FileData, max_pixels: int = MAX_PIXELS, page: int | None = None, planes: Planes = PLAIN
) -> NDArray[Any]:
    """Decode a PNG, JPEG or TIFF, recognized by its first bytes.

    The type of the samples, integer or floating point, is kept. Alpha is dropped, palettes are expanded, one bit
    becomes 0 and 255, white-is-zero is inverted, and the orientation tag is applied.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: from 0; required if the file has several. With numbered channels, a page has all channels of a section.
        planes: channels and neighboring sections to read.

    Returns:
        (H, W) or (H, W, 3); (H, W, C) with numbered channels or neighboring sections.

    Raises:
        ImageError: the file has another format, is damaged, too large, has several pages, more metadata than pixels
            need, or samples that a network cannot use (CMYK, complex, NaN, infinite).
        MemoryError: there is not enough memory to decode it.
    """
    try:
        image = _decode(data, max_pixels, page, planes)
    except ImageError:
        raise
    except MemoryError as error:  # the file may be good
        raise MemoryError("there is not enough memory to decode the image: free some or use a smaller one") from error
    except Exception as error:  # decoders raise exceptions of every kind on damaged files
        raise corrupt_image() from error
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ImageError("unsupported_samples", "the image has NaN or infinite samples: replace them first")
    return image


def read_size(data: FileData, page: int | None = None, planes: Planes = PLAIN) -> tuple[int, int]:
    """Return height and width of an image by its header, before its orientation is applied; 0 where it has none.

    Args:
        data: the file.
        page: as for `read_image`.
        planes: as for `read_image`.
    """
    try:
        if data[:8].startswith(TIFF_MAGIC):
            first = page if planes.plain else tiff_layout(data, planes).page(page or 0, 0)
            return read_tiff_size(data, first)
        return read_png_size(data[:]) if data[:8].startswith(PNG_MAGIC) else read_jpeg_size(data[:], page)
    except Exception:  # `read_image` tells what is wrong
        return 0, 0


def count_pages(data: FileData, planes: Planes = PLAIN) -> int:
    """Return how many pages a file has: 1, except for a TIFF.

    Args:
        data: the file.
        planes: as for `read_image`.

    Raises:
        ImageError: the file is damaged.
    """
    if not data[:8].startswith(TIFF_MAGIC):
        return 1
    try:
        return count_tiff_pages(data) if planes.plain else tiff_layout(data, planes).sections
    except Exception as error:  # decoders raise exceptions of every kind on damaged files
        raise corrupt_image() from error


def read_image_file(path: Path) -> NDArray[Any]:
    """Read an image file; see `read_image`.

    Raises:
        OSError: the file cannot be opened.
        ImageError, MemoryError: as `read_image`; the message begins with the path.
    """
    try:
        return read_image(path.read_bytes())
    except ImageError as error:
        raise ImageError(error.code, f"{path}: {error}") from error
    except MemoryError as error:
        raise MemoryError(f"{path}: {error}") from error


def _decode(data: FileData, max_pixels: int, page: int | None, planes: Planes) -> NDArray[Any]:
    if data[:8].startswith(TIFF_MAGIC):
        if planes.plain:
            return read_tiff(data, max_pixels, page)
        return planes.shaped(read_tiff_planes(data, max_pixels, page, planes))
    if not data[:8].startswith((PNG_MAGIC, JPEG_MAGIC)):
        raise ImageError("unsupported_format", "the file is not a PNG, JPEG or TIFF image")
    read = read_png if data[:8].startswith(PNG_MAGIC) else read_jpeg
    image = read(data[:], max_pixels, page)
    if planes.plain:
        return image
    return planes.shaped(np.concatenate([planes.numbered([]).pick(image)] * (2 * planes.context + 1), axis=2))
