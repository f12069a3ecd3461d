"""Masks and probabilities as PNG files."""

import io
import os
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FULL = 65_535


def encode_mask(prediction: NDArray[np.bool_], boundary_value: int) -> bytes:
    """Return a PNG of one bit per pixel.

    Args:
        prediction: (H, W), True on the boundary.
        boundary_value: 0 draws the boundary black on white, anything else white on black.
    """
    stream = io.BytesIO()
    Image.fromarray(prediction != (boundary_value == 0)).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def encode_probability(probability: NDArray[np.floating[Any]]) -> bytes:
    """Return a 16-bit grey PNG of (H, W) probabilities; 65535 is 1."""
    return bytes(imagecodecs.png_encode((probability * _FULL).round().astype(np.uint16), level=1))


def decode_probability(data: bytes) -> NDArray[np.float32]:
    """Return the probabilities that `encode_probability` wrote, each within 1 / 131070."""
    values: NDArray[np.uint16] = imagecodecs.png_decode(data)
    return (values / _FULL).astype(np.float32)


def encode_image(image: NDArray[np.uint8]) -> bytes:
    """Return a PNG of an 8-bit image, (H, W) or (H, W, 3)."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def write_file(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)
