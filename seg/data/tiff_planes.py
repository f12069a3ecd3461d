"""Several planes of a TIFF as the channels of one image."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.file_data import FileData
from seg.data.image_error import ImageError, check_size
from seg.data.pages import choose_page
from seg.data.planes import Planes, missing_channels
from seg.data.projection import of_one_size, project
from seg.data.raster import PlanesRaster, Raster
from seg.data.tiff import count_tiff_pages, read_tiff, read_tiff_size
from seg.data.tiff_layout import Layout, read_channel_names, read_layout
from seg.data.tiff_raster import TiffRaster


def read_tiff_planes(data: FileData, max_pixels: int, page: int | None, planes: Planes) -> NDArray[Any]:
    """Decode the planes of one image, (H, W, C); see `seg.data.reading.read_image`.

    Args:
        data: the file.
        max_pixels: larger images are refused before decoding; so are projections of more pixels.
        page: its section, from 0; required if there are several.
        planes: of the image.
    """
    planes = _numbered(data, planes)
    layout = tiff_layout(data, planes)
    section = choose_page(layout.sections, page)
    height, width = read_tiff_size(data, layout.page(section, 0))
    if layout.depth > 1:
        check_size(height, width, max_pixels // layout.depth)
    parts = [_section(data, max_pixels, layout, each, planes) for each in planes.sections(section, layout.sections)]
    return np.concatenate(of_one_size(parts), axis=2)


def open_tiff(path: Path, data: FileData, page: int | None, planes: Planes) -> Raster | None:
    """Return a page to read window by window, as `seg.data.reading.read_image` decodes it.

    Args:
        path: of the file.
        data: its content, for the header.
        page: from 0; required if there are several.
        planes: of the image.

    Returns:
        None where it has to be decoded whole, or cannot be decoded.
    """
    try:
        if planes.plain:
            return TiffRaster(path, data, page)
        if planes.projection is not None:
            return None
        planes = _numbered(data, planes)
        layout = tiff_layout(data, planes)
        section = choose_page(layout.sections, page)
        numbers = planes.sections(section, layout.sections)
        if layout.channels == 1:
            pages = [TiffRaster(path, data, layout.page(number, 0), every_sample=True) for number in numbers]
            return PlanesRaster(pages, planes)
        if max(planes.numbers) >= layout.channels:
            raise missing_channels(planes.numbers, layout.channels)
        places = [layout.page(number, channel) for number in numbers for channel in planes.numbers]
        return PlanesRaster([TiffRaster(path, data, place) for place in places], Planes())
    except Exception:  # `read_image` tells what is wrong
        return None


def tiff_layout(data: FileData, planes: Planes) -> Layout:
    """Return how the pages of a file are arranged.

    Args:
        data: the file.
        planes: whose channels are looked for.

    Raises:
        ImageError: the file has not the names of the channels.
    """
    numbers = _numbered(data, planes).numbers
    return read_layout(data, count_tiff_pages(data), max(numbers, default=-1) + 1, planes.projection is not None)


def _numbered(data: FileData, planes: Planes) -> Planes:
    named = len(planes.numbers) < len(planes.channels)
    return planes.numbered(read_channel_names(data)) if named else planes


def _section(data: FileData, max_pixels: int, layout: Layout, section: int, planes: Planes) -> NDArray[Any]:
    """Return the channels of a section, (H, W, C), of all its planes along Z."""
    every = (_plane(data, max_pixels, layout, (section, plane), planes) for plane in range(layout.depth))
    return next(every) if layout.depth == 1 else project(every, planes.projection)


def _plane(data: FileData, max_pixels: int, layout: Layout, place: tuple[int, int], planes: Planes) -> NDArray[Any]:
    """Return the channels of a plane, (H, W, C), of a section."""
    section, plane = place
    if layout.channels == 1:
        several = bool(planes.channels) or not planes.projection
        return planes.pick(read_tiff(data, max_pixels, layout.page(section, 0, plane), every_sample=several))
    if not planes.channels:
        raise ImageError(
            "missing_channels", f"the image has {layout.channels} channels: set channels: in the data, e.g. [0]"
        )
    if max(planes.numbers) >= layout.channels:
        raise missing_channels(planes.numbers, layout.channels)
    pages = [read_tiff(data, max_pixels, layout.page(section, channel, plane)) for channel in planes.numbers]
    if any(page.ndim > 2 for page in pages):
        raise ImageError("unsupported_samples", "a channel of the image is in color: save each channel in grey")
    return np.stack(of_one_size(pages), axis=2)
