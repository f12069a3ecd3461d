"""The only image decoder: training, prediction and service get the same pixels."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from seg.data.image_error import ImageError, check_size
from seg.data.orientation import ORIENTATION_TAG, apply_orientation
from seg.data.pages import choose_page
from seg.data.png import PNG_MAGIC, read_png
from seg.data.tiff import TIFF_MAGIC, count_tiff_pages, read_tiff

JPEG_MAGIC = b"\xff\xd8\xff"
MAX_PIXELS = 1 << 28


def read_image(data: bytes, max_pixels: int = MAX_PIXELS, page: int | None = None) -> NDArray[Any]:
    """Decode a PNG, JPEG or TIFF, recognized by its first bytes.

    The type of the samples, integer or floating point, is kept. Alpha is dropped, palettes are expanded, one bit
    becomes 0 and 255, white-is-zero is inverted, and the orientation tag is applied.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: from 0; required if the file has several.

    Returns:
        (H, W) or (H, W, 3).

    Raises:
        ImageError: the file has another format, is damaged, too large, has several pages, or has samples that a
            network cannot use (CMYK, complex, NaN, infinite).
        MemoryError: there is not enough memory to decode it.
    """
    try:
        image = _decode(data, max_pixels, page)
    except ImageError:
        raise
    except MemoryError as error:  # the file may be good
        raise MemoryError("there is not enough memory to decode the image: free some or use a smaller one") from error
    except Exception as error:  # decoders raise exceptions of every kind on damaged files
        raise ImageError("corrupt_image", "the image is damaged or incomplete") from error
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ImageError("unsupported_samples", "the image has NaN or infinite samples: replace them first")
    return image


def count_pages(data: bytes) -> int:
    """Return how many pages a file has: 1, except for a TIFF.

    Raises:
        ImageError: the file is damaged.
    """
    if not data.startswith(TIFF_MAGIC):
        return 1
    try:
        return count_tiff_pages(data)
    except Exception as error:  # decoders raise exceptions of every kind on damaged files
        raise ImageError("corrupt_image", "the image is damaged or incomplete") from error


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


def _decode(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    if data.startswith(TIFF_MAGIC):
        return read_tiff(data, max_pixels, page)
    if not data.startswith((PNG_MAGIC, JPEG_MAGIC)):
        raise ImageError("unsupported_format", "the file is not a PNG, JPEG or TIFF image")
    return read_png(data, max_pixels, page) if data.startswith(PNG_MAGIC) else _read_jpeg(data, max_pixels, page)


def _read_jpeg(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    Image.MAX_IMAGE_PIXELS = None  # the size is checked here, before decoding
    with Image.open(io.BytesIO(data), formats=("JPEG", "MPO")) as image:
        image.seek(choose_page(getattr(image, "n_frames", 1), page))
        check_size(image.height, image.width, max_pixels)
        if image.mode not in ("L", "RGB"):
            raise ImageError("unsupported_samples", f"{image.mode} is not supported: convert the image to grey or RGB")
        start = getattr(image, "offset", 0)  # of the image, where there are several
        # Pillow would fill missing parts of a damaged file with grey
        pixels = simplejpeg.decode_jpeg(data[start:], {"L": "GRAY", "RGB": "RGB"}[image.mode], strict=True)
        return apply_orientation(
            pixels[..., 0] if image.mode == "L" else pixels, image.getexif().get(ORIENTATION_TAG, 1)
        )
