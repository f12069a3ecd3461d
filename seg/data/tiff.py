"""TIFF, as microscopes write it."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from tifffile import PHOTOMETRIC, TiffFile, TiffPage

from seg.data.image_error import ImageError, check_size

TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

_GREY = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE)
_COLOR = (PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR, PHOTOMETRIC.PALETTE)

#: The transformation that each value of the Orientation tag asks for.
_ORIENTATIONS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}

_DAMAGED = (
    tifffile.TiffFileError,
    imagecodecs.DelayedImportError,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    RuntimeError,
    ZeroDivisionError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)


def read_tiff(data: bytes, max_pixels: int, page: int | None) -> NDArray[Any]:
    """Decode one page of a TIFF; see `seg.data.reading.read_image`."""
    try:
        with TiffFile(io.BytesIO(data)) as file:
            chosen = _choose_page(file, page)
            check_size(chosen.imagelength, chosen.imagewidth, max_pixels)
            _check_samples(chosen)
            _check_complete(chosen, len(data))
            return _normalized(chosen.asarray(), chosen)
    except ImageError:
        raise
    except _DAMAGED as error:
        raise ImageError("corrupt_image", "the image is damaged or incomplete") from error


def _choose_page(file: TiffFile, page: int | None) -> TiffPage:
    count = len(file.pages)
    if count > 1 and page is None:
        raise ImageError("multi_page", f"the file has {count} pages: say which one, from 0 to {count - 1}")
    if not 0 <= (page or 0) < count:
        raise ImageError("page_out_of_range", f"page {page} was asked for, the file has pages 0 to {count - 1}")
    chosen = file.pages[page or 0]
    if not isinstance(chosen, TiffPage):
        chosen = chosen.aspage()
    return chosen


def _check_samples(page: TiffPage) -> None:
    if page.dtype is None or page.dtype.kind not in "biuf":
        raise ImageError(
            "unsupported_samples", f"samples of type {page.dtype} are not supported: save as integer or float"
        )
    if page.photometric not in _GREY + _COLOR or page.imagedepth != 1:
        kind = getattr(page.photometric, "name", page.photometric)
        raise ImageError("unsupported_samples", f"{kind} images are not supported: convert the image to grey or RGB")
    if page.samplesperpixel > 4 or (page.photometric in _GREY and page.samplesperpixel > 2):
        raise ImageError("unsupported_samples", f"{page.samplesperpixel} channels: send one channel, or RGB")


def _check_complete(page: TiffPage, size: int) -> None:
    """Refuse strips that are missing or lie outside the file: they would be decoded as zeros."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    expected = int(np.prod(page.chunked))
    if len(segments) < expected or any(count < 1 or offset < 1 or offset + count > size for offset, count in segments):
        raise ImageError("corrupt_image", "the image is damaged or incomplete")


def _normalized(image: NDArray[Any], page: TiffPage) -> NDArray[Any]:
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        palette = (page.colormap >> 8).astype(np.uint8)  # 8 bits, stored in 16
        image = np.moveaxis(palette, 0, -1)[image]
    if page.axes.startswith("S"):
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 3:
        image = image[..., :3] if image.shape[2] >= 3 else image[..., 0]
    if image.dtype.kind == "b":
        image = image.astype(np.uint8) * np.uint8(255)
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        image = _inverted(image)
    orientation = page.tags.valueof("Orientation", 1)
    turned = _ORIENTATIONS.get(orientation, _ORIENTATIONS[1])(image)
    return np.ascontiguousarray(turned, dtype=turned.dtype.newbyteorder("="))


def _inverted(image: NDArray[Any]) -> NDArray[Any]:
    if image.dtype.kind == "f":
        return -image
    info = np.iinfo(image.dtype)
    inverted: NDArray[Any] = info.max - (image - info.min)
    return inverted.astype(image.dtype)
