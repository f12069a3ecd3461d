"""Decoding of TIFF, including the variants that microscopes write."""

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPage

from seg.data.image_error import ImageError, check_size
from seg.data.orientation import ORIENTATION_TAG, apply_orientation
from seg.data.pages import choose_page

TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

_GREY = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE)
_COLOR = (PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR)

#: Widely used, and their output is no larger than the header declares.
_COMPRESSIONS = (
    COMPRESSION.NONE,
    COMPRESSION.CCITTRLE,
    COMPRESSION.CCITT_T4,
    COMPRESSION.CCITT_T6,
    COMPRESSION.LZW,
    COMPRESSION.JPEG,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.DEFLATE,
    COMPRESSION.PACKBITS,
    COMPRESSION.ZSTD,
)
_MAX_TILE_PIXELS = 1 << 22


def read_tiff(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    """Decode one page of a TIFF; see `seg.data.reading.read_image`.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: from 0; required if there are several.
    """
    with TiffFile(io.BytesIO(data)) as file:
        if not len(file.pages):
            raise _corrupt()
        described = len(file.pages) > 1
        number = choose_page(len(file.pages) if described else _pages_of_one_header(file), page)
        chosen = _page(file, number if described else 0)
        check_size(chosen.imagelength, chosen.imagewidth, max_pixels)
        _check_samples(chosen)
        _check_segments(chosen, data)
        image = chosen.asarray() if described or number == 0 else _following(chosen, number, data, file.byteorder)
        return _normalized(image, chosen)


def count_tiff_pages(data: bytes) -> int:
    """Return how many pages a TIFF has, also where one header describes them all."""
    with TiffFile(io.BytesIO(data)) as file:
        return len(file.pages) if len(file.pages) > 1 else _pages_of_one_header(file)


def _page(file: TiffFile, number: int) -> TiffPage:
    page = file.pages[number]
    return page if isinstance(page, TiffPage) else page.aspage()


def _pages_of_one_header(file: TiffFile) -> int:
    """Return the number of pages that a single header describes: in a large stack, ImageJ writes only the first."""
    if file.is_imagej:
        return max(1, int((file.imagej_metadata or {}).get("images", 1)))
    if file.is_shaped and file.shaped_metadata:
        shape: tuple[int, ...] = file.shaped_metadata[0].get("shape", ())
        return max(1, math.prod(shape) // math.prod(_page(file, 0).shape))
    return 1


def _following(first: TiffPage, number: int, data: bytes, byteorder: Any) -> NDArray[Any]:
    """Return a page without a header of its own, which follows the described one."""
    if not first.is_contiguous or first.dtype is None:
        raise _unsupported("stack with one header and compressed pages", "save it again")
    start = first.dataoffsets[0] + number * first.nbytes
    if start + first.nbytes > len(data):
        raise _corrupt()
    samples = np.frombuffer(data, first.dtype.newbyteorder(byteorder), math.prod(first.shape), start)
    return samples.reshape(first.shape)


def _check_samples(page: TiffPage) -> None:
    if page.dtype is None or page.dtype.kind not in "biuf":
        raise _unsupported(f"samples of type {page.dtype}", "save as integer or float")
    if page.compression not in _COMPRESSIONS:
        raise _unsupported(f"compression {_name(page.compression)}", "save with LZW, deflate or none")
    subsampled = page.photometric == PHOTOMETRIC.YCBCR and page.compression != COMPRESSION.JPEG
    if page.photometric not in (*_GREY, *_COLOR, PHOTOMETRIC.PALETTE) or page.imagedepth != 1 or subsampled:
        raise _unsupported(f"{_name(page.photometric)} image", "convert it to grey or RGB")
    alpha = page.samplesperpixel - (3 if page.photometric in _COLOR else 1)
    data_channels = page.photometric not in _COLOR and EXTRASAMPLE.UNSPECIFIED in page.extrasamples
    if not 0 <= alpha <= 1 or data_channels:
        raise _unsupported(f"{page.samplesperpixel} channel(s)", "send one channel, or RGB")


def _check_segments(page: TiffPage, data: bytes) -> None:
    """Refuse strips and tiles that are missing, which would become zeros, or larger than the image says."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    missing = len(segments) < math.prod(page.chunked)
    if missing or any(count < 1 or offset < 1 or offset + count > len(data) for offset, count in segments):
        raise _corrupt()
    if page.is_tiled:
        check_size(page.tilelength, page.tilewidth, _MAX_TILE_PIXELS)
    if page.compression == COMPRESSION.JPEG:
        height, width = (page.tilelength, page.tilewidth) if page.is_tiled else (page.imagelength, page.imagewidth)
        for offset, count in segments:
            with Image.open(io.BytesIO(data[offset : offset + count]), formats=("JPEG",)) as picture:
                check_size(picture.height, picture.width, height * width)


def _normalized(image: NDArray[Any], page: TiffPage) -> NDArray[Any]:
    if page.axes.startswith("S"):
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 3:
        image = image[..., :3] if image.shape[2] >= 3 else image[..., 0]
    if page.photometric == PHOTOMETRIC.PALETTE:
        if page.colormap is None:
            raise _corrupt()
        palette = (page.colormap >> 8).astype(np.uint8)  # 8 bits, stored in 16
        image = np.moveaxis(palette, 0, -1)[image.astype(np.intp)]
    if image.dtype.kind == "b":
        image = image.astype(np.uint8) * np.uint8(255)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        image = _inverted(image)
    turned = apply_orientation(image, page.tags.valueof(ORIENTATION_TAG, 1))
    return np.ascontiguousarray(turned, dtype=turned.dtype.newbyteorder("="))


def _inverted(image: NDArray[Any]) -> NDArray[Any]:
    if image.dtype.kind == "f":
        return -image
    info = np.iinfo(image.dtype)
    inverted: NDArray[Any] = info.max - (image - info.min)
    return inverted.astype(image.dtype)


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


def _unsupported(what: str, remedy: str) -> ImageError:
    return ImageError("unsupported_samples", f"{what}: not supported, {remedy}")


def _corrupt() -> ImageError:
    return ImageError("corrupt_image", "the image is damaged or incomplete")
