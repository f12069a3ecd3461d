import numpy as np
import pytest

from seg.data.doctor.truth_checks import check_small_cells, mean_thickness_px
from seg.data.labels import boundaries_from_labels
from seg.data.sample import Sample


@pytest.mark.parametrize("thickness_px", [2, 4, 8])
def test_the_thickness_of_a_band_is_measured(thickness_px):
    mask = np.zeros((40, 40), bool)
    mask[10 : 10 + thickness_px] = True
    assert mean_thickness_px(mask) == pytest.approx(thickness_px)


def tiles(side_px: int, thickness_px: int) -> Sample:
    """Square cells that touch, 64 of them."""
    labels = np.kron(np.arange(1, 65).reshape(8, 8), np.ones((side_px, side_px), int)).astype(np.int32)
    mask = boundaries_from_labels(labels, thickness_px)
    return Sample(f"tiles_{side_px}", np.zeros(labels.shape, np.uint8), mask, labels, thickness_px)


@pytest.mark.parametrize(("side_px", "thickness_px"), [(3, 1), (6, 2), (5, 2)])
def test_cells_with_an_inside_are_no_matter(side_px, thickness_px):
    assert not list(check_small_cells([tiles(side_px, thickness_px)]))


@pytest.mark.parametrize(("side_px", "thickness_px"), [(2, 1), (4, 2)])
def test_cells_that_are_boundary_alone_are_told(side_px, thickness_px):
    (found,) = check_small_cells([tiles(20, thickness_px), tiles(side_px, thickness_px)])
    assert f"60 of 128 cells are boundary alone at thickness_px: {thickness_px}" in found.text
    assert "no prediction finds more than 53.1% of the cells" in found.text
    assert found.text.index(f"tiles_{side_px} (") < found.text.index("a smaller thickness_px")
