"""The files of a scored image in a run's folder: image, ground truth, probabilities and cells."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import label

from seg.data.reading import read_image_file
from seg.data.stored_input import read_stored, write_input
from seg.data.writing import decode_probability, encode_mask, encode_probability, write_file
from seg.instances.labels import Labels

IMAGE, TRUTH, VALID, LABELS, CELLS = "image.png", "truth.png", "valid.png", "labels.tif", "cells.tif"

#: Of the channels: the boundary first, then those of the other targets.
PROBABILITIES = ("probability.png", "inside.png", "center.png")


def write_case(
    folder: Path,
    image: NDArray[np.float32],
    truth: NDArray[np.bool_],
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int32] | None,
    valid: NDArray[np.bool_] | None = None,
) -> None:
    """Write what a scored image is judged by.

    Args:
        folder: of the image.
        image: (C, H, W), the network's input, in [-1, 1].
        truth: (H, W), True on the boundary.
        probabilities: (K, H, W).
        labels: (H, W) true cells; None where the source has masks alone.
        valid: (H, W), False at void pixels; None where there are none.
    """
    write_input(folder / IMAGE, image)
    write_file(folder / TRUTH, encode_mask(truth, 255))
    write_probabilities(folder, probabilities)
    if labels is not None:
        write_file(folder / LABELS, encode_labels(labels))
    if valid is not None:
        write_file(folder / VALID, encode_mask(valid, 255))


def write_probabilities(folder: Path, probabilities: NDArray[np.float32]) -> None:
    """Write the probabilities of an image.

    Args:
        folder: of the image.
        probabilities: (K, H, W).
    """
    for name, probability in zip(PROBABILITIES, probabilities, strict=False):
        write_file(folder / name, encode_probability(probability))


def read_probabilities(folder: Path) -> NDArray[np.float32]:
    """Return the probabilities of an image, (K, H, W)."""
    files = [folder / name for name in PROBABILITIES]
    return np.stack([decode_probability(file.read_bytes()) for file in files if file.is_file()])


def read_input(folder: Path) -> NDArray[np.float32]:
    """Return the network's input, (C, H, W) in [-1, 1], within half a grey level."""
    return read_stored(folder / IMAGE)


def read_mask(folder: Path) -> NDArray[np.bool_]:
    """Return the true boundary, (H, W)."""
    mask: NDArray[np.bool_] = read_image_file(folder / TRUTH) > 0
    return mask


def read_labels(folder: Path) -> Labels | None:
    """Return the true cells, (H, W): the labels, else the 4-connected parts between boundaries; none at void."""
    file = folder / LABELS
    return read_image_file(file).astype(np.int32) if file.is_file() else None


def read_valid(folder: Path) -> NDArray[np.bool_] | None:
    """Return False at void pixels, (H, W); None where there are none."""
    file = folder / VALID
    return read_image_file(file) > 0 if file.is_file() else None


def read_true_cells(folder: Path) -> Labels:
    """Return the true cells, (H, W): the labels, else the 4-connected parts between boundaries; none at void."""
    labels, valid = read_labels(folder), read_valid(folder)
    if labels is not None:
        return labels
    inside = ~read_mask(folder)
    cells: Labels = label(inside if valid is None else inside & valid)[0].astype(np.int32)
    return cells


def encode_labels(labels: NDArray[np.integer[Any]]) -> bytes:
    """Return a TIFF of a label image, (H, W)."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, labels.astype(np.uint32), compression="zlib")
    return stream.getvalue()
