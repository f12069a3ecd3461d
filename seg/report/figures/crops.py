"""Crops of test pictures, as data URIs for the page."""

import base64
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data import case_files
from seg.data.case_files import read_mask
from seg.data.reading import read_image_file
from seg.data.scaling import match_channels
from seg.data.writing import decode_probability, encode_image

HIT, MISS, FALSE = (0, 158, 115), (213, 94, 0), (86, 180, 233)
VOID = 128
CROP_PX = 192

Picture = NDArray[np.uint8]
Window = tuple[slice, slice]


def crop_window(truth: NDArray[np.bool_], size_px: int) -> Window:
    """Return the window that holds the most boundary, on a grid of 16 px.

    Args:
        truth: (H, W).
        size_px: of the window's sides, at most.
    """
    height, width = (min(size_px, side) for side in truth.shape)
    summed = np.pad(truth.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    corners = [
        (row, column)
        for row in range(0, truth.shape[0] - height + 1, 16)
        for column in range(0, truth.shape[1] - width + 1, 16)
    ]

    def content(corner: tuple[int, int]) -> int:
        (top, left), (bottom, right) = corner, (corner[0] + height, corner[1] + width)
        return int(summed[bottom, right] - summed[top, right] - summed[bottom, left] + summed[top, left])

    top, left = max(corners, key=content)
    return slice(top, top + height), slice(left, left + width)


def read_valid(folder: Path) -> NDArray[np.bool_]:
    """Return False at the void pixels, (H, W), of one test image of a run."""
    valid = case_files.read_valid(folder)
    return np.ones_like(read_mask(folder)) if valid is None else valid


def image_crop(folder: Path, window: Window) -> str:
    """Return the cropped image as a data URI.

    Args:
        folder: of the test image.
        window: of the crop.
    """
    return _data_uri(read_image_file(folder / "image.png")[window])


def truth_crop(folder: Path, window: Window) -> str:
    """Return the cropped truth as a data URI; void pixels, which nobody annotated, are grey.

    Args:
        folder: of the test image.
        window: of the crop.
    """
    truth, valid = read_mask(folder)[window], read_valid(folder)[window]
    return _data_uri(np.where(valid, truth.astype(np.uint8) * np.uint8(255), VOID).astype(np.uint8))


def probability_crop(folder: Path, window: Window) -> str:
    """Return the cropped probability as a data URI: black is 0, white is 1.

    Args:
        folder: of the test image.
        window: of the crop.
    """
    return _data_uri((read_probability(folder)[window] * 255).round().astype(np.uint8))


def overlay_crop(folder: Path, window: Window, threshold: float) -> str:
    """Return hits, misses and false boundary drawn on the cropped image, as a data URI.

    Args:
        folder: of the test image.
        window: of the crop.
        threshold: a pixel is predicted where probability >= threshold.
    """
    image = match_channels(read_image_file(folder / "image.png")[window], 3)
    truth, valid = read_mask(folder)[window], read_valid(folder)[window]
    predicted = (read_probability(folder)[window] >= np.float32(threshold)) & valid
    picture = (image * 0.7 + 60).round().clip(0, 255).astype(np.uint8)
    for where, color in ((truth & predicted, HIT), (truth & ~predicted, MISS), (predicted & ~truth, FALSE)):
        picture[where] = color
    return _data_uri(picture)


def read_probability(folder: Path) -> NDArray[np.float32]:
    """Return the probabilities, (H, W), of one test image of a run."""
    return decode_probability((folder / "probability.png").read_bytes())


def _data_uri(picture: Picture) -> str:
    return "data:image/png;base64," + base64.b64encode(encode_image(np.ascontiguousarray(picture))).decode()
