"""Several planes of a TIFF as the channels of one image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.image_error import ImageError
from seg.data.pages import choose_page
from seg.data.planes import Planes, missing_channels
from seg.data.tiff import count_tiff_pages, read_tiff
from seg.data.tiff_layout import Layout, read_layout


def read_tiff_planes(data: bytes, max_pixels: int, page: int | None, planes: Planes) -> NDArray[Any]:
    """Decode the planes of one image, (H, W, C); see `seg.data.reading.read_image`.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding.
        page: its section, from 0; required if there are several.
        planes: of the image.
    """
    layout = tiff_layout(data, planes)
    section = choose_page(layout.sections, page)
    parts = [_section(data, max_pixels, layout, each, planes) for each in planes.sections(section, layout.sections)]
    return np.concatenate(_of_one_size(parts), axis=2)


def tiff_layout(data: bytes, planes: Planes) -> Layout:
    """Return how the pages of a file are arranged.

    Args:
        data: the file.
        planes: whose channels are looked for.
    """
    return read_layout(data, count_tiff_pages(data), max(planes.channels, default=-1) + 1)


def _section(data: bytes, max_pixels: int, layout: Layout, section: int, planes: Planes) -> NDArray[Any]:
    """Return the channels of a section, (H, W, C)."""
    if layout.channels == 1:
        return planes.pick(read_tiff(data, max_pixels, layout.page(section, 0), every_sample=True))
    if max(planes.channels) >= layout.channels:
        raise missing_channels(planes.channels, layout.channels)
    pages = [read_tiff(data, max_pixels, layout.page(section, channel)) for channel in planes.channels]
    if any(page.ndim > 2 for page in pages):
        raise ImageError("unsupported_samples", "a channel of the image is in color: save each channel in grey")
    return np.stack(_of_one_size(pages), axis=2)


def _of_one_size(parts: list[NDArray[Any]]) -> list[NDArray[Any]]:
    if len({part.shape for part in parts}) > 1:
        raise ImageError("unsupported_samples", "the channels or sections of the image have different sizes")
    return parts
