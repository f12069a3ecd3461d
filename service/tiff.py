"""Arrays as TIFF files."""

import io
from typing import Any

import tifffile
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize


def encode_tiff(image: NDArray[Any], pixel: PixelSize | None) -> bytes:
    """Return a compressed TIFF of one page.

    Args:
        image: (H, W).
        pixel: (height, width) of a pixel in micrometers, written as the resolution; None where it is unknown.
    """
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        image,
        photometric="minisblack",
        compression="zlib",
        compressionargs={"level": 1},
        resolution=(1e4 / pixel[1], 1e4 / pixel[0]) if pixel else None,
        resolutionunit="CENTIMETER" if pixel else None,
    )
    return stream.getvalue()
