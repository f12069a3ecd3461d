"""The one decoder of images: training, prediction and service see the same pixels."""

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from seg.data.image_error import ImageError, check_size
from seg.data.tiff import TIFF_MAGIC, read_tiff

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
MAX_PIXELS = 1 << 28

_KEPT_MODES = {"L", "RGB", "I;16", "I;16B"}
_DEEP_COLOR = {2, 4, 6}


def read_image(data: bytes, max_pixels: int = MAX_PIXELS, page: int | None = None) -> NDArray[Any]:
    """Decode a PNG, JPEG or TIFF, recognized by its first bytes.

    The type of the samples is kept: uint8, uint16, uint32 or floating point. Alpha is dropped, a palette expanded, one
    bit becomes 0 and 255, white-is-zero is inverted, and the orientation that the file asks for is applied.

    Args:
        data: the file.
        max_pixels: more are refused before anything is decoded.
        page: of a file with several, from 0; needed there.

    Returns:
        (H, W) or (H, W, 3).

    Raises:
        ImageError: the file is none of these, is damaged, too large, has several pages, or samples that no
            network can use (CMYK, complex, NaN, infinite).
    """
    if data.startswith(TIFF_MAGIC):
        image = read_tiff(data, max_pixels, page)
    elif data.startswith((PNG_MAGIC, JPEG_MAGIC)):
        image = _read_with_pillow(data, max_pixels, page)
    else:
        raise ImageError("unsupported_format", "the file is not a PNG, JPEG or TIFF image")
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ImageError("unsupported_samples", "the image has NaN or infinite samples: replace them first")
    return image


def read_image_file(path: Path) -> NDArray[Any]:
    """Read an image file; see `read_image`.

    Raises:
        OSError: the file cannot be opened.
        ImageError: as `read_image`, with the path.
    """
    try:
        return read_image(path.read_bytes())
    except ImageError as error:
        raise ImageError(error.code, f"{path}: {error}") from error


def _read_with_pillow(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    Image.MAX_IMAGE_PIXELS = None  # the size is checked here, before decoding
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            check_size(image.height, image.width, max_pixels)
            _check_pages(image, page)
            if _is_deep_color(data):
                return _read_deep_png(data)
            image.load()
            return _to_array(ImageOps.exif_transpose(image))
    except ImageError:
        raise
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        TypeError,
        imagecodecs.PngError,
    ) as error:
        raise ImageError("corrupt_image", "the image is damaged or incomplete") from error


def _check_pages(image: Image.Image, page: int | None) -> None:
    pages = getattr(image, "n_frames", 1)
    if pages > 1:
        raise ImageError("multi_page", f"the file is an animation of {pages} pictures: send one picture")
    if page not in (None, 0):
        raise ImageError("page_out_of_range", f"page {page} was asked for, the file has one page, 0")


def _is_deep_color(data: bytes) -> bool:
    """Return whether this is a PNG of 16 bits with color or alpha: Pillow would cut it to 8 bits."""
    return data.startswith(PNG_MAGIC) and data[24] == 16 and data[25] in _DEEP_COLOR


def _read_deep_png(data: bytes) -> NDArray[Any]:
    image: NDArray[Any] = imagecodecs.png_decode(data)
    if image.ndim == 3 and image.shape[2] in (2, 4):
        image = image[..., :-1]
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def _to_array(image: Image.Image) -> NDArray[Any]:
    if image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        raise ImageError("unsupported_samples", f"{image.mode} is not supported: convert the image to grey or RGB")
    if image.mode == "P":
        image = image.convert("RGB")
    elif image.mode in ("1", "LA", "RGBA", "PA", "RGBX"):
        image = image.convert("RGB" if image.mode in ("RGBA", "PA", "RGBX") else "L")
    elif image.mode not in _KEPT_MODES:
        raise ImageError("unsupported_samples", f"pixels of kind {image.mode} are not supported: save as grey or RGB")
    array = np.array(image)
    return array.astype(array.dtype.newbyteorder("="))
