import csv
import io
import math
import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from seg.instances import measures, regions
from seg.instances.measures import measure_cells, to_csv


@pytest.fixture
def labels():
    """Two squares, four pixels apart, and one alone at the edge."""
    picture = np.zeros((30, 60), np.int32)
    picture[5:15, 5:15], picture[5:15, 19:29], picture[20:30, 45:55] = 1, 2, 3
    return picture


def test_areas_centroids_and_distances_are_in_pixels(labels):
    table = measure_cells(labels)
    assert table["label"].tolist() == [1, 2, 3]
    assert table["area"].tolist() == [100, 100, 100]
    assert (table["centroid-0"][0], table["centroid-1"][1]) == (9.5, 23.5)
    assert table["border_distance"].tolist() == [10, 10, 5]
    assert table["touches_border"].tolist() == [0, 0, 1]
    assert table["perimeter"][0] == 36


def test_cells_a_few_pixels_apart_are_neighbors(labels):
    assert measure_cells(labels)["neighbors"].tolist() == [1, 1, 0]


def test_neighbors_and_intensities_of_a_tall_picture_are_those_of_its_parts():
    """Cells of 6 by 6 pixels, two apart, in rows over what is measured at a time; the last column stands alone."""
    picture = np.zeros((800, 60), np.int32)
    for row in range(100):
        for column, left in enumerate((0, 8, 40)):
            picture[8 * row : 8 * row + 6, left : left + 6] = 3 * row + column + 1
    table = measure_cells(picture, np.arange(800, dtype=np.float64)[:, None] * np.ones(60))
    inner, outer = [3, 3, 2], [2, 2, 1]
    assert table["neighbors"].tolist() == [*outer, *inner * 98, *outer]
    assert table["intensity_mean-0"].tolist() == [8 * row + 2.5 for row in range(100) for _ in range(3)]


def test_a_disk_is_rounder_than_a_bar():
    rows, columns = np.mgrid[:60, :60]
    picture = ((rows - 20) ** 2 + (columns - 20) ** 2 <= 15**2).astype(np.int32)
    picture[50:54, 5:55] = 2
    disk, bar = measure_cells(picture)["circularity"]
    assert disk > 0.9
    assert bar < 0.4
    disk, bar = measure_cells(picture)["eccentricity"]
    assert disk < 0.1
    assert bar > 0.9


def test_intensities_are_those_of_the_image_as_it_was_read(labels):
    image = np.stack([np.full(labels.shape, 1000, np.uint16), (labels == 2) * np.uint16(60000)], axis=2)
    table = measure_cells(labels, image)
    assert table["intensity_mean-0"].tolist() == [1000] * 3
    assert table["intensity_total-1"].tolist() == [0, 6_000_000, 0]


def test_micrometers_stand_beside_pixels_where_their_size_is_known(labels):
    table = measure_cells(labels, pixel=(0.5, 0.5))
    assert table["area_um2"].tolist() == [25, 25, 25]
    assert table["perimeter_um"][0] == 18
    assert "area_um2" not in measure_cells(labels)


def test_lengths_in_any_direction_need_square_pixels(labels):
    table = measure_cells(labels, pixel=(0.5, 0.25))
    assert table["area_um2"][0] == 12.5
    assert (table["centroid-0_um"][0], table["centroid-1_um"][0]) == (4.75, 2.375)
    assert math.isnan(table["perimeter_um"][0])


def test_the_csv_has_a_row_per_cell_and_six_significant_digits(labels):
    rows = list(csv.DictReader(io.StringIO(to_csv(measure_cells(labels, pixel=(1 / 3, 0.1))))))
    assert len(rows) == 3
    assert rows[0]["area_um2"] == "3.33333"
    assert rows[0]["perimeter_um"] == ""


def test_no_cell_gives_a_header_alone():
    text = to_csv(measure_cells(np.zeros((5, 5), np.int32)))
    assert text.startswith("label,area,")
    assert text.count("\n") == 1


def test_an_image_of_another_size_is_refused(labels):
    with pytest.raises(ValueError, match="do not fit"):
        measure_cells(labels, np.zeros((3, 3)))


def shapes() -> list[np.ndarray]:
    """Cells of many forms: scattered, smooth, with holes, in parts, in a row, and one that covers the picture."""
    rows, columns = np.mgrid[:90, :130]
    ellipse = ((rows - 40) / 38) ** 2 + ((columns - 2 * rows) / 40) ** 2 < 1
    smooth = [gaussian_filter(np.random.default_rng(sigma).random((90, 130)), sigma) for sigma in (0, 1, 4)]
    return [ellipse, *(each > np.median(each) for each in smooth), np.ones((70, 130), bool), np.ones((1, 150), bool)]


@pytest.mark.parametrize("cell", shapes())
def test_a_large_cell_has_the_numbers_that_it_has_as_a_small_one(monkeypatch, cell):
    labels, image = np.where(cell, 2, 1).astype(np.int32), np.arange(cell.size, dtype=np.float32).reshape(cell.shape)
    small = measure_cells(labels, image, (0.5, 0.5))
    monkeypatch.setattr(measures, "LARGE_BOX_PIXELS", 0)
    monkeypatch.setattr(regions, "_BAND_PX", 7)
    large = measure_cells(labels, image, (0.5, 0.5))
    assert list(large) == list(small)
    turned = (large.pop("orientation") - small.pop("orientation")) / math.pi  # by half a turn: the same axis
    assert np.allclose(turned, turned.round(), atol=1e-6)
    for name, values in small.items():
        assert np.allclose(large[name], values, rtol=1e-9, atol=1e-6), name


def test_a_cell_that_covers_a_large_picture_takes_few_bytes_per_pixel():
    labels = np.ones((2048, 2048), np.int32)
    measure_cells(labels[:64])
    tracemalloc.start()
    try:
        measure_cells(labels)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / labels.size < 12
