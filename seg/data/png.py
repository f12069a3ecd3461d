"""Strict decoding of PNG: common decoders fill missing data with zeros."""

import io
import struct
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seg.data.image_error import ImageError, check_size
from seg.data.orientation import ORIENTATION_TAG, apply_orientation
from seg.data.pages import choose_page

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def read_png(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    """Decode a PNG; see `seg.data.reading.read_image`.

    libpng checks sums and lengths, keeps 16 bits, and expands palettes and samples of 1, 2 and 4 bits.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: of an animation, from 0.
    """
    width, height = struct.unpack_from(">II", data, len(PNG_MAGIC) + 8)
    check_size(height, width, max_pixels)
    chunks = dict(_chunks(data))
    frames = struct.unpack_from(">I", chunks.get(b"acTL", b"\0\0\0\1"))[0]
    chosen = choose_page(max(frames, 1), page)
    pixels = _read_frame(data, chosen) if frames > 1 else imagecodecs.png_decode(data)
    exif = Image.Exif()
    exif.load(chunks.get(b"eXIf", b""))
    return apply_orientation(_without_alpha(pixels), exif.get(ORIENTATION_TAG, 1))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of every chunk up to IEND, which a truncated file lacks."""
    kind, start = b"", len(PNG_MAGIC)
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, start)
        yield kind, data[start + 8 : start + 8 + length]
        start += length + 12
    if start > len(data):
        raise ImageError("corrupt_image", "the image is damaged or incomplete")


def _read_frame(data: bytes, page: int) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.seek(page)
        return np.array(image.convert("RGB") if image.mode in ("P", "RGBA") else image)


def _without_alpha(image: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W) for grey, (H, W, 3) for color."""
    if image.ndim == 2:
        return image
    return image[..., 0] if image.shape[2] < 3 else image[..., :3]
