"""Which page of a TIFF is which channel of which section, by the axes that ImageJ, OME or tifffile name."""

import math
import re
from dataclasses import dataclass, replace
from typing import Any

from tifffile import TiffFile

from seg.data.file_data import FileData, stream
from seg.data.pixel_size import ome_channels, ome_pixels
from seg.data.tiff_directories import Directories

Sizes = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Layout:
    """The axes along which the pages of a file are counted.

    Attributes:
        sizes: (axis, size), the axis that changes from page to page first. C is the channel, all others are sections.
        projected: whether the planes along Z make one section.
    """

    sizes: Sizes
    projected: bool = False

    @property
    def channels(self) -> int:
        """Number of channels that have pages of their own."""
        return dict(self.sizes).get("C", 1)

    @property
    def sections(self) -> int:
        """Number of sections, also of several time points."""
        return math.prod(size for axis, size in self.sizes if axis != "C") // self.depth

    @property
    def depth(self) -> int:
        """Number of planes that make one section."""
        return dict(self.sizes).get("Z", 1) if self.projected else 1

    def page(self, section: int, channel: int, plane: int = 0) -> int:
        """Return the page of a channel.

        Args:
            section: from 0.
            channel: from 0.
            plane: of the section, from 0.
        """
        page, step = 0, 1
        for axis, size in self.sizes:
            at = channel if axis == "C" else plane
            if axis != "C" and not (self.projected and axis == "Z"):
                section, at = divmod(section, size)
            page += at * step
            step *= size
        return page


def read_layout(data: FileData, pages: int, channels: int, projected: bool = False) -> Layout:
    """Return how the pages of a file are arranged.

    Where no axes are named, pages are channels if they are grey and as many as are needed, else sections.

    Args:
        data: the file.
        pages: how many it has.
        channels: how many are needed, 0 if pages shall be sections.
        projected: whether the planes along Z make one section.
    """
    if not channels and not projected:
        return Layout((("Z", pages),))
    return replace(_read_layout(data, pages, channels), projected=projected)


def read_channel_names(data: FileData) -> list[str]:
    """Return what OME or ImageJ call the channels of a file, in their order; nothing where they have no names.

    Args:
        data: the file.
    """
    Directories(data).check(0)
    with TiffFile(stream(data)) as file:
        if file.is_ome and file.ome_metadata:
            return ome_channels(file.ome_metadata)
        found: dict[str, Any] = (file.imagej_metadata or {}) if file.is_imagej else {}
    labels = [str(label) for label in found.get("Labels") or []]
    return [_OF_PLANE.sub("", label) for label in labels[: int(found.get("channels", 1))]]


#: What ImageJ writes before the label of a plane in a hyperstack.
_OF_PLANE = re.compile(r"^([czt]:\d+/\d+ ?)+(- )?")


def _read_layout(data: FileData, pages: int, channels: int) -> Layout:
    Directories(data).check(0)
    with TiffFile(stream(data)) as file:
        sizes = _named(file)
        samples = int(getattr(file.pages[0], "samplesperpixel", 1))
    if math.prod(size for _, size in sizes) == pages and sizes:
        return Layout(sizes)
    without = tuple((axis, size) for axis, size in sizes if axis != "C")
    if without and math.prod(size for _, size in without) == pages:  # the channels are samples of the pages
        return Layout(without)
    return Layout(((("C" if samples == 1 and pages == channels else "Z"), pages),))


def _named(file: TiffFile) -> Sizes:
    if file.is_imagej:
        found: dict[str, Any] = file.imagej_metadata or {}
        return tuple((axis, int(found.get(name, 1))) for axis, name in zip("CZT", _IMAGEJ, strict=True))
    if file.is_ome and file.ome_metadata:
        pixels = ome_pixels(file.ome_metadata)
        order = (pixels.get("DimensionOrder") or "")[2:] if pixels is not None else ""
        sizes = [(pixels.get(f"Size{axis}") or "") if pixels is not None else "" for axis in order]
        return tuple((axis, int(size)) for axis, size in zip(order, sizes, strict=True) if size.isdecimal())
    if file.is_shaped and file.shaped_metadata:
        axes, shape = str(file.shaped_metadata[0].get("axes", "")), file.shaped_metadata[0].get("shape", ())
        counted = [(axis, int(size)) for axis, size in zip(axes, shape, strict=False) if axis not in "YXS"]
        return tuple(reversed(counted)) if len(axes) == len(shape) else ()
    return ()


_IMAGEJ = ("channels", "slices", "frames")
