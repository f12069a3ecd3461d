"""Strict decoding of JPEG, whose segments and scans are counted before a decoder reads them."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from seg.data.image_error import ImageError, check_budget, check_size, corrupt_image
from seg.data.orientation import ORIENTATION_TAG, apply_orientation
from seg.data.pages import choose_page

JPEG_MAGIC = b"\xff\xd8\xff"

#: Of one picture. Progressive files have about ten scans, each of which takes the time of the whole picture.
MAX_SEGMENTS, MAX_METADATA_BYTES, MAX_SCANS = 512, 1 << 22, 32

_IN_HEADER = re.compile(rb"\xff{1,16}([^\x00\x01\xff\xd0-\xd8])")
_AFTER_SCAN = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")
_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
_APPLICATION = range(0xE0, 0xF0)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_jpeg(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    """Decode a JPEG; see `seg.data.reading.read_image`.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: of a file with several pictures, from 0.
    """
    with _open(data, page) as image:
        check_size(image.height, image.width, max_pixels)
        if image.mode not in ("L", "RGB"):
            raise ImageError("unsupported_samples", f"{image.mode} is not supported: convert the image to grey or RGB")
        if start := getattr(image, "offset", 0):  # of the picture, where there are several
            data = data[start:]
            check_segments(data)
        # Pillow would fill missing parts of a damaged file with grey
        pixels = simplejpeg.decode_jpeg(data, {"L": "GRAY", "RGB": "RGB"}[image.mode], strict=True)
        return apply_orientation(
            pixels[..., 0] if image.mode == "L" else pixels, image.getexif().get(ORIENTATION_TAG, 1)
        )


def read_jpeg_size(data: bytes, page: int | None) -> tuple[int, int]:
    """Return height and width in pixels by the header; see `seg.data.reading.read_size`.

    Args:
        data: the file.
        page: of a file with several pictures, from 0.
    """
    with _open(data, page) as image:
        return image.height, image.width


@contextmanager
def _open(data: bytes, page: int | None) -> Iterator[Image.Image]:
    check_segments(data)
    Image.MAX_IMAGE_PIXELS = None  # the size is checked here, before decoding
    with Image.open(io.BytesIO(data), formats=("JPEG", "MPO")) as image:
        image.seek(choose_page(getattr(image, "n_frames", 1), page))
        yield image


def check_segments(data: bytes) -> tuple[int, int]:
    """Count the segments, metadata and scans of a picture, and return its (height, width) in pixels.

    Args:
        data: begins with the picture; what comes after its end is ignored.

    Raises:
        ImageError: there are more than a decoder should have to read, or the segments are damaged.
    """
    size, metadata, scans = None, 0, 0
    for segments, (marker, start, length) in enumerate(_segments(data), start=1):
        metadata += length if marker == _COMMENT or marker in _APPLICATION else 0
        scans += marker == _SCAN
        check_budget("JPEG segments", segments, MAX_SEGMENTS)
        check_budget("bytes of metadata", metadata, MAX_METADATA_BYTES)
        check_budget("scans", scans, MAX_SCANS)
        if marker in _FRAMES and size is None:
            size = int.from_bytes(data[start + 1 : start + 3]), int.from_bytes(data[start + 3 : start + 5])
    if size is None:
        raise corrupt_image()
    return size


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and length of every segment up to the end of the picture."""
    position, scanned = len(JPEG_MAGIC) - 1, False
    while found := _AFTER_SCAN.search(data, position) if scanned else _IN_HEADER.match(data, position):
        marker, start = found[1][0], found.end()
        length = int.from_bytes(data[start : start + 2])
        if marker == _END:
            return
        if length < 2:
            raise corrupt_image()
        yield marker, start + 2, length - 2
        position = start + length
        scanned = scanned or marker == _SCAN
    if not scanned:
        raise corrupt_image()
