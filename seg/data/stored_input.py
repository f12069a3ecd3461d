"""Inputs of the network in files of a run: as pictures for people, and exactly."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from seg.data.reading import read_image_file
from seg.data.scaling import visible
from seg.data.writing import encode_image, write_file


def write_input(path: Path, image: NDArray[np.float32]) -> None:
    """Write an input as an 8-bit PNG, and beside it all channels as a TIFF if they are neither grey nor RGB.

    Args:
        path: of the PNG.
        image: (C, H, W) in [-1, 1].
    """
    picture = ((image.transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)
    write_file(path, encode_image(visible(picture)))
    if picture.shape[2] not in (1, 3):
        stream = io.BytesIO()
        planes = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
        tifffile.imwrite(stream, planes, photometric="minisblack", compression="zlib", metadata={"axes": "CYX"})
        write_file(path.with_suffix(".tif"), stream.getvalue())


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return the intensities of an input that `write_input` wrote, (H, W) or (H, W, C).

    Args:
        path: of the PNG.
    """
    planes = path.with_suffix(".tif")
    if planes.is_file():
        channels: NDArray[Any] = tifffile.imread(planes)
        return np.ascontiguousarray(np.moveaxis(channels, 0, 2))
    return read_image_file(path)


def read_stored(path: Path) -> NDArray[np.float32]:
    """Return an input that `write_input` wrote, (C, H, W) in [-1, 1], within half a grey level.

    Args:
        path: of the PNG.
    """
    picture = read_picture(path)
    channels = picture[None] if picture.ndim == 2 else np.moveaxis(picture, 2, 0)
    return channels.astype(np.float32) / np.float32(127.5) - 1
