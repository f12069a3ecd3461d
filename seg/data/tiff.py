"""Decoding of TIFF, including the variants that microscopes write."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, TiffFile, TiffPage

from seg.data.file_data import FileData, stream
from seg.data.image_error import ImageError, check_size, corrupt_image
from seg.data.orientation import ORIENTATION_TAG, apply_orientation
from seg.data.pages import choose_page
from seg.data.tiff_directories import Directories
from seg.data.tiff_segments import CCITT, check_decoded, check_segments

_GREY = (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE)
_COLOR = (PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR)

#: Of a pixel, where all of them are read.
MAX_SAMPLES = 64

#: Widely used, and their output is no larger than the header declares.
_COMPRESSIONS = (
    COMPRESSION.NONE,
    *CCITT,
    COMPRESSION.LZW,
    COMPRESSION.JPEG,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.DEFLATE,
    COMPRESSION.PACKBITS,
    COMPRESSION.ZSTD,
)


def read_tiff(data: FileData, max_pixels: int, page: int | None, every_sample: bool = False) -> NDArray[Any]:
    """Decode one page of a TIFF; see `seg.data.reading.read_image`.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: from 0; required if there are several.
        every_sample: return all samples of a pixel, (H, W, C), of any meaning; otherwise (H, W) or (H, W, 3).
    """
    with open_page(data, page) as (file, chosen, following):
        check_size(chosen.imagelength, chosen.imagewidth, max_pixels)
        check_samples(chosen, MAX_SAMPLES if every_sample else None)
        check_segments(chosen, data)
        image = _following(chosen, following, data, file.byteorder) if following else chosen.asarray()
        check_decoded(image, chosen)
        return normalized(image, chosen, every_sample)


def read_tiff_size(data: FileData, page: int | None) -> tuple[int, int]:
    """Return height and width in pixels by the header; see `seg.data.reading.read_size`.

    Args:
        data: the file.
        page: from 0; required if there are several.
    """
    with open_page(data, page) as (_, chosen, _):
        return chosen.imagelength, chosen.imagewidth


@contextmanager
def open_page(data: FileData, page: int | None) -> Iterator[tuple[TiffFile, TiffPage, int]]:
    """Yield the file, the header of a page, and how many pages that header describes before it.

    Args:
        data: the file.
        page: from 0; required if there are several.
    """
    directories = Directories(data)
    directories.check(0)
    with TiffFile(stream(data)) as file:
        if not len(file.pages):
            raise corrupt_image()
        described = len(file.pages) > 1
        number = choose_page(len(file.pages) if described else _pages_of_one_header(file), page)
        directories.check(number if described else 0)
        yield file, _page(file, number if described else 0), 0 if described else number


def count_tiff_pages(data: FileData) -> int:
    """Return how many pages a TIFF has, also where one header describes them all."""
    Directories(data).check(0)
    with TiffFile(stream(data)) as file:
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


def _following(first: TiffPage, number: int, data: FileData, byteorder: Any) -> NDArray[Any]:
    """Return a page without a header of its own, which follows the described one."""
    if not first.is_contiguous or first.dtype is None:
        raise _unsupported("stack with one header and compressed pages", "save it again")
    start = first.dataoffsets[0] + number * first.nbytes
    if start + first.nbytes > len(data):
        raise corrupt_image()
    samples = np.frombuffer(data, first.dtype.newbyteorder(byteorder), math.prod(first.shape), start)
    return samples.reshape(first.shape)


def check_samples(page: TiffPage, most: int | None) -> None:
    """Refuse samples that a network cannot use.

    Args:
        page: of the file.
        most: samples of a pixel; None: a grey or RGB picture, with or without alpha.

    Raises:
        ImageError: says what is wrong.
    """
    if page.dtype is None or page.dtype.kind not in "biuf":
        raise _unsupported(f"samples of type {page.dtype}", "save as integer or float")
    if page.compression not in _COMPRESSIONS:
        raise _unsupported(f"compression {_name(page.compression)}", "save with LZW, deflate or none")
    subsampled = page.photometric == PHOTOMETRIC.YCBCR and page.compression != COMPRESSION.JPEG
    if page.photometric not in (*_GREY, *_COLOR, PHOTOMETRIC.PALETTE) or page.imagedepth != 1 or subsampled:
        raise _unsupported(f"{_name(page.photometric)} image", "convert it to grey or RGB")
    alpha = page.samplesperpixel - (3 if page.photometric in _COLOR else 1)
    data_channels = page.photometric not in _COLOR and EXTRASAMPLE.UNSPECIFIED in page.extrasamples
    unfit = not 0 <= alpha <= 1 or data_channels if most is None else page.samplesperpixel > most
    if unfit:
        raise _unsupported(f"{page.samplesperpixel} channel(s)", "send one channel, or RGB")


def normalized(image: NDArray[Any], page: TiffPage, every_sample: bool) -> NDArray[Any]:
    """Return the samples of a page, or of a window of it, as `read_tiff` does.

    Args:
        image: as decoded.
        page: that it was decoded from.
        every_sample: as for `read_tiff`.
    """
    if page.axes.startswith("S"):
        image = np.moveaxis(image, 0, -1)
    if image.ndim == 3 and not every_sample:
        image = image[..., :3] if image.shape[2] >= 3 else image[..., 0]
    if page.photometric == PHOTOMETRIC.PALETTE:
        if page.colormap is None:
            raise corrupt_image()
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
