"""Arrays as TIFF files."""

import io
from typing import Any

import tifffile
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize


def encode_tiff(image: NDArray[Any], pixel: PixelSize | None, ome: bool = False) -> bytes:
    """Return a compressed TIFF of one page.

    Args:
        image: (H, W).
        pixel: (height, width) of a pixel in micrometers, written as the resolution; None where it is unknown.
        ome: with the metadata of OME.
    """
    stream = io.BytesIO()
    options = describe_pixel(pixel, ome, "YX")
    compression: dict[str, Any] = {"compression": "zlib", "compressionargs": {"level": 1}}
    tifffile.imwrite(stream, image, photometric="minisblack", **compression, **options)
    return stream.getvalue()


def describe_pixel(pixel: PixelSize | None, ome: bool, axes: str) -> dict[str, Any]:
    """Return the options of `tifffile.imwrite` for the size of a pixel.

    Args:
        pixel: (height, width) in micrometers; None where it is unknown.
        ome: with the metadata of OME.
        axes: of the array.
    """
    resolution: dict[str, Any] = {}
    if pixel:
        resolution = {"resolution": (1e4 / pixel[1], 1e4 / pixel[0]), "resolutionunit": "CENTIMETER"}
    if not ome:
        return resolution
    sizes: dict[str, Any] = {"PhysicalSizeY": pixel[0], "PhysicalSizeX": pixel[1]} if pixel else {}
    units = {f"{name}Unit": "\u00b5m" for name in sizes}
    return resolution | {"ome": True, "metadata": {"axes": axes} | sizes | units}
