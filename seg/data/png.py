"""Strict decoding of PNG: common decoders fill missing data with zeros."""

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seg.data.image_error import check_budget, check_size
from seg.data.orientation import ORIENTATION_TAG, apply_orientation
from seg.data.pages import choose_page
from seg.data.png_chunks import PNG_MAGIC, check_pixel_data, list_chunks, without_metadata
from seg.data.png_rows import store_rows

_MAX_EXIF_BYTES = 1 << 16


def read_png(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    """Decode a PNG; see `seg.data.reading.read_image`.

    libpng checks sums and lengths, keeps 16 bits, and expands palettes and samples of 1, 2 and 4 bits.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: of an animation, from 0. All frames up to it are decoded, and count.
    """
    height, width = read_png_size(data)
    check_size(height, width, max_pixels)
    chunks = list_chunks(data)
    contents = {chunk.kind: chunk.content(data) for chunk in chunks if chunk.kind in (b"acTL", b"eXIf")}
    frames = struct.unpack_from(">I", contents.get(b"acTL", b"\0\0\0\1"))[0]
    chosen = choose_page(max(frames, 1), page)
    check_size(height, width, max_pixels // (chosen + 1))
    lean = without_metadata(data, chunks)
    stored = store_rows(lean) if frames == 1 else None
    if stored is None:
        check_pixel_data(data, chunks)
    pixels = _read_frame(lean, chosen) if frames > 1 else imagecodecs.png_decode(stored or lean)
    return apply_orientation(_without_alpha(pixels), _orientation(contents.get(b"eXIf", b"")))


def read_png_size(data: bytes) -> tuple[int, int]:
    """Return height and width in pixels by the header."""
    width, height = struct.unpack_from(">II", data, len(PNG_MAGIC) + 8)
    return height, width


def _orientation(content: bytes) -> int:
    check_budget("bytes of EXIF", len(content), _MAX_EXIF_BYTES)
    exif = Image.Exif()
    exif.load(content)
    orientation: int = exif.get(ORIENTATION_TAG, 1)
    return orientation


def _read_frame(data: bytes, page: int) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.seek(page)
        return np.array(image.convert("RGB") if image.mode in ("P", "RGBA") else image)


def _without_alpha(image: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W) for grey, (H, W, 3) for color."""
    if image.ndim == 2:
        return image
    return image[..., 0] if image.shape[2] < 3 else image[..., :3]
