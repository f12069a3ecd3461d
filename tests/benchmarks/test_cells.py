from pathlib import Path

import numpy as np
import pytest
from skimage.draw import disk

from benchmarks.cells import load, run
from seg.data.case_files import encode_labels
from seg.data.writing import encode_image, write_file

CONFIG = Path(__file__).parents[2] / "configs" / "data" / "nuclei.yaml"


@pytest.fixture
def nuclei(tmp_path) -> Path:
    for number in range(6):
        labels = np.zeros((64, 64), np.int32)
        for cell, center in enumerate(((16, 16 + number), (44, 20), (30, 48)), 1):
            labels[disk(center, 8)] = cell
        image = np.where(labels > 0, 200, 20 + number).astype(np.uint8)
        write_file(tmp_path / f"images/{number}.png", encode_image(image))
        write_file(tmp_path / f"labels/{number}.tif", encode_labels(labels))
    return tmp_path


def test_cells_that_any_threshold_finds_are_found_by_otsus(nuclei):
    assert "AP 0.5:0.95 1.000  AP 0.5 1.000" in run("otsu", load(CONFIG, nuclei, 2, 0), 2, 0)


@pytest.mark.parametrize("peer", ["septum", "monai"])
def test_networks_are_trained_and_scored_on_the_test_images(nuclei, peer):
    line = run(peer, load(CONFIG, nuclei, 2, 0), 2, 0)
    assert line.startswith(peer)
    assert 0 <= float(line.split("AP 0.5 ")[1].split()[0]) <= 1
