"""Cells of predictions, and their measurements."""

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data.sample import Sample
from seg.data.writing import write_file
from seg.instances.decoder import Decoder
from seg.instances.labels import Labels
from seg.instances.measures import measure_cells, to_csv

#: Of all images together, each row with the name of its image.
MEASUREMENTS = "cells.csv"

NO_DECODER = "the checkpoint has no decoder of cells, which a whole `seg fit` adds: leave --labels and --measure out"


def write_measurements(folder: Path, sample: Sample, cells: Labels) -> None:
    """Write the measurements of one image, NAME_cells.csv, until `join_measurements` joins those of all.

    Args:
        folder: of the predictions.
        sample: the image as it was read.
        cells: (H, W).
    """
    table = to_csv(measure_cells(cells, sample.image, sample.pixel))
    write_file(folder / f"{sample.name}_cells.csv", table.encode())


def join_measurements(folder: Path, names: list[str], keep: bool = False) -> None:
    """Join the measurements of all images in cells.csv, the name of the image in the first column.

    Columns that an image lacks, e.g. micrometers where the size of its pixels is not known, are left empty.

    Args:
        folder: of the predictions.
        names: of the images, in the order of the rows.
        keep: those of each image, for a later start that adds images.
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
    for part in parts if not keep else ():
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
        raise ValueError(NO_DECODER)
    return decoder.decode(probabilities, image)
