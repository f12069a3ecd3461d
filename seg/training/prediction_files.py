"""The files of `seg predict`."""

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data.sample import Sample
from seg.data.tiff_writing import encode_tiff
from seg.data.writing import encode_mask, encode_probability, write_file
from seg.instances.decoder import Decoder
from seg.instances.flood import Labels
from seg.instances.measures import measure_cells, to_csv

#: Of all images together, each row with the name of its image.
MEASUREMENTS = "cells.csv"


def write_prediction(
    folder: Path, name: str, probability: NDArray[np.float32], threshold: float, boundary_value: int
) -> None:
    """Write NAME_mask.png, in the polarity of the training masks, and NAME_probability.png, 16 bit.

    Args:
        folder: of the predictions.
        name: of the image.
        probability: (H, W) of the boundary.
        threshold: from which a pixel is boundary.
        boundary_value: of the boundary in masks, 0 or 255.
    """
    write_file(folder / f"{name}_mask.png", encode_mask(probability >= threshold, boundary_value))
    write_file(folder / f"{name}_probability.png", encode_probability(probability))


def write_labels(folder: Path, sample: Sample, cells: Labels) -> None:
    """Write NAME_labels.tif, calibrated where the image is.

    Args:
        folder: of the predictions.
        sample: the image.
        cells: (H, W).
    """
    smallest = np.uint16 if cells.max(initial=0) < 2**16 else np.uint32
    write_file(folder / f"{sample.name}_labels.tif", encode_tiff(cells.astype(smallest), sample.pixel))


def write_measurements(folder: Path, sample: Sample, cells: Labels) -> None:
    """Write the measurements of one image, NAME_cells.csv, until `join_measurements` joins those of all.

    Args:
        folder: of the predictions.
        sample: the image as it was read.
        cells: (H, W).
    """
    table = to_csv(measure_cells(cells, sample.image, sample.pixel))
    write_file(folder / f"{sample.name}_cells.csv", table.encode())


def join_measurements(folder: Path, names: list[str]) -> None:
    """Join the measurements of all images in cells.csv, the name of the image in the first column.

    Columns that an image lacks, e.g. micrometers where the size of its pixels is not known, are left empty.

    Args:
        folder: of the predictions.
        names: of the images, in the order of the rows.
    """
    parts = [folder / f"{name}_cells.csv" for name in names]
    tables = [csv.DictReader(io.StringIO(part.read_text(encoding="utf-8"))) for part in parts]
    columns = dict.fromkeys(column for table in tables for column in table.fieldnames or ())
    joined = io.StringIO()
    writer = csv.DictWriter(joined, ["image", *columns], lineterminator="\n")
    writer.writeheader()
    for name, table in zip(names, tables, strict=True):
        writer.writerows({"image": name} | row for row in table)
    write_file(folder / MEASUREMENTS, joined.getvalue().encode())
    for part in parts:
        part.unlink()


def decode(decoder: Decoder | None, probabilities: NDArray[np.float32], image: NDArray[np.float32]) -> Labels:
    """Return the cells of an image.

    Args:
        decoder: of the checkpoint.
        probabilities: (K, H, W).
        image: (C, H, W), the network's input.

    Raises:
        ValueError: the checkpoint has no decoder.
    """
    if decoder is None:
        raise ValueError("the checkpoint has no decoder of cells, which a whole `seg fit` adds: leave --labels out")
    return decoder.decode(probabilities, image)
