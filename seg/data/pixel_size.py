"""The physical size of a pixel, from the metadata of a file."""

import io
import math
from typing import Any
from xml.etree import ElementTree

from tifffile import TiffFile, TiffPage

from seg.data.file_data import FileData, stream
from seg.data.tiff_directories import TIFF_MAGIC

#: Height and width of a pixel in micrometers.
PixelSize = tuple[float, float]

_MICROMETERS = {"m": 1e6, "cm": 1e4, "mm": 1e3, "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "nm": 1e-3, "pm": 1e-6}
_TIFF_UNITS = {2: 25_400.0, 3: 10_000.0}

#: Coarser values are the default resolution of screens and printers (72 dpi are 353), not measured ones.
_COARSEST_UM = 100.0
_FINEST_UM = 1e-4

#: The element with the size is near the start; parsing all of a hostile file could exhaust the memory.
_LONGEST_HEAD = 1 << 18


def read_pixel_size(data: FileData, page: int = 0) -> PixelSize | None:
    """Return the size of a pixel from the metadata of OME, of ImageJ, or of TIFF itself, in this order.

    The resolution in a PNG or JPEG is that of a screen or printer and is ignored.

    Args:
        data: a file that `seg.data.reading.read_image` reads.
        page: of a file with several, from 0.
    """
    if not data[:8].startswith(TIFF_MAGIC):
        return None
    with TiffFile(stream(data)) as file:
        found = file.pages[page if page < len(file.pages) else 0]
        chosen = found if isinstance(found, TiffPage) else found.aspage()
        if file.is_ome and file.ome_metadata:
            return _plausible(_by_ome(file.ome_metadata))
        return _plausible(_by_resolution(chosen, file.imagej_metadata if file.is_imagej else None))


def ome_pixels(text: str) -> ElementTree.Element | None:
    """Return the element of OME's metadata that describes the first image; None if there is none near the start."""
    try:
        starts = ElementTree.iterparse(io.StringIO(text[:_LONGEST_HEAD]), events=("start",))
        return next((element for _, element in starts if element.tag.endswith("}Pixels")), None)
    except ElementTree.ParseError:
        return None


def ome_channels(text: str) -> list[str]:
    """Return the names of the first image's channels in OME's metadata, "" where one has none."""
    names: list[str] = []
    try:
        for event, element in ElementTree.iterparse(io.StringIO(text[:_LONGEST_HEAD]), events=("start", "end")):
            if event == "start" and element.tag.endswith("}Channel"):
                samples = element.get("SamplesPerPixel", "1")
                names += [element.get("Name", "")] + [""] * (int(samples) - 1 if samples in _FEW else 0)
            if event == "end" and element.tag.endswith("}Pixels"):
                break
    except ElementTree.ParseError:  # the text is cut off after its head
        pass
    return names if any(names) else []


#: Samples of a pixel that make one channel.
_FEW = ("2", "3", "4")


def _by_ome(text: str) -> PixelSize | None:
    pixels = ome_pixels(text)
    if pixels is None:
        return None
    sizes = [_number(pixels.get(f"PhysicalSize{axis}")) for axis in "YX"]
    units = [_MICROMETERS.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"), math.nan) for axis in "YX"]
    return sizes[0] * units[0], sizes[1] * units[1]


def _by_resolution(page: TiffPage, imagej: dict[str, Any] | None) -> PixelSize | None:
    unit = (
        _MICROMETERS.get(str(imagej.get("unit", "")).replace("\\u00B5", "µ"))
        if imagej is not None
        else _TIFF_UNITS.get(page.tags.valueof("ResolutionUnit", 2))
    )
    densities = [page.tags.valueof(f"{axis}Resolution") for axis in "YX"]
    if unit is None or not all(isinstance(density, tuple) and density[0] and density[1] for density in densities):
        return None
    height, width = (unit * density[1] / density[0] for density in densities)
    return height, width


def _plausible(size: PixelSize | None) -> PixelSize | None:
    return size if size and all(_FINEST_UM <= side <= _COARSEST_UM for side in size) else None


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
