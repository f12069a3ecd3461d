"""A perfect answer scores 1 in every metric, whatever the convention of the truth."""

import numpy as np
import pytest

from seg.data.labels import as_labels, boundaries_from_labels
from seg.data.reading import read_image_file
from seg.data.synthetic import SyntheticCells
from seg.metrics.rand import connected_cells
from seg.metrics.suite import Case, score_cases

ZERO = {"brier", "ece", "hd95_px", "betti0_error", "betti1_error", "undecided_share"}


def blocks(size: int, gap: int) -> np.ndarray:
    """Square cells that fill the picture but for gaps between them."""
    labels = np.zeros((48, 48), dtype=np.int32)
    for number, corner in enumerate(np.ndindex(48 // size, 48 // size), 1):
        row, column = np.array(corner) * size
        labels[row : row + size - gap, column : column + size - gap] = number
    return labels


def islands(*centers: tuple[int, int]) -> np.ndarray:
    """Discs on background; the first two of three touch."""
    rows, columns = np.indices((48, 48))
    labels = np.zeros((48, 48), dtype=np.int32)
    for number, (row, column) in enumerate(centers, 1):
        labels[(rows - row) ** 2 + (columns - column) ** 2 < 49] = number
    return labels


CONVENTIONS = {
    "touching": blocks(12, 0),
    "gaps of one pixel": blocks(12, 1),
    "gaps of three pixels": blocks(12, 3),
    "cells of four pixels": blocks(2, 0),
    "cells of one pixel": blocks(2, 1),
    "islands": islands((10, 10), (10, 24), (36, 30)),
    "one island": islands((24, 24)),
    "one cell that fills the picture": np.ones((48, 48), dtype=np.int32),
    "none": np.zeros((48, 48), dtype=np.int32),
    "synthetic": SyntheticCells(count=1, size_px=64, cell_diameter_px=24)[0].labels,
}


def assert_perfect(mask: np.ndarray, cells: np.ndarray | None, proposed_cells: np.ndarray) -> None:
    scores = score_cases([Case("a", mask.astype(np.float32), mask, cells, proposed_cells)], 0.5, 2.0)
    for name, values in scores.metrics.items():
        assert values == pytest.approx([0 if name in ZERO else 1], abs=1e-6), name
    assert scores.optimistic == pytest.approx(dict.fromkeys(scores.optimistic, 1))


@pytest.mark.parametrize("labels", CONVENTIONS.values(), ids=CONVENTIONS)
@pytest.mark.parametrize("thickness_px", [1, 2])
def test_labels_with_their_boundaries_inside_score_one_against_themselves(labels, thickness_px):
    assert_perfect(boundaries_from_labels(labels, thickness_px), labels, labels)


@pytest.mark.parametrize("labels", CONVENTIONS.values(), ids=CONVENTIONS)
def test_masks_whose_boundary_lies_between_cells_score_one_against_themselves(labels):
    between = labels == 0
    assert_perfect(between, None, connected_cells(~between))


@pytest.mark.parametrize("labels", CONVENTIONS.values(), ids=CONVENTIONS)
def test_masks_whose_boundary_lies_inside_cells_score_one_against_themselves(labels):
    inside = boundaries_from_labels(labels)
    assert_perfect(inside, None, connected_cells(~inside))


def test_real_truths_score_one_against_themselves(real_data):
    nuclei = sorted((real_data / "dsb2018" / "labels").iterdir())[:2]
    for path in nuclei:
        labels = as_labels(read_image_file(path))
        assert_perfect(boundaries_from_labels(labels), labels, labels)
    membranes = read_image_file(real_data / "isbi2012" / "masks" / "25.png")[:200, :200] == 0
    assert_perfect(membranes, None, connected_cells(~membranes))
