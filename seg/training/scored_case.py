"""A test image of a run, read to be scored with every metric."""

from pathlib import Path

from seg.data.case_files import (
    CELLS,
    encode_labels,
    read_input,
    read_labels,
    read_mask,
    read_probabilities,
    read_valid,
)
from seg.data.writing import write_file
from seg.instances.decoder import Decoder
from seg.metrics.suite import Case


def read_case(folder: Path, decoder: Decoder | None) -> Case:
    """Return a test image with its cells, which are written beside it.

    Args:
        folder: of the image.
        decoder: makes the cells; None takes the components between boundaries.
    """
    probabilities = read_probabilities(folder)
    cells = decoder.decode(probabilities, read_input(folder)) if decoder else None
    if cells is not None:
        write_file(folder / CELLS, encode_labels(cells))
    truth = (read_mask(folder), read_labels(folder))
    return Case(folder.name, probabilities[0], *truth, cells, read_valid(folder))
