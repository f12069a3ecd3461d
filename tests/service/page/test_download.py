"""Files to take home, opened by programs that had no part in writing them."""

import csv
import io
import json

import numpy as np
import pytest
import roifile
import shapely
import tifffile
from PIL import Image

from tests.service.page.world import ROOMS, downloaded, image, pick, unzipped


@pytest.fixture
def taking(page):
    pick(page, image("my rooms.png"))
    page.locator("#tab-download").click()
    return page


def take(page, offer: str) -> tuple[str, bytes]:
    return downloaded(page, f"[data-offer={offer}]")


def test_every_file_is_what_it_is_called(taking):
    files = dict(take(taking, offer) for offer in ("labels", "csv", "contours", "rois", "mask", "overlay", "method"))
    assert list(files) == [
        f"my rooms{ending}"
        for ending in ("_labels.tif", "_cells.csv", ".geojson", "_rois.zip", "_mask.png", "_overlay.png", "_method.txt")
    ]
    labels, table, outlines, rois, mask, overlay, method = files.values()
    assert np.unique(tifffile.imread(io.BytesIO(labels))).tolist() == [0, 1, 2, 3]
    assert [int(row["area"]) for row in csv.DictReader(io.StringIO(table.decode()))] == [36 * 72, 34 * 72, 34 * 72]
    shapes = [shapely.from_geojson(json.dumps(each["geometry"])) for each in json.loads(outlines)["features"]]
    assert all(shape.is_valid for shape in shapes)
    bounds = [roifile.ImagejRoi.frombytes(roi).coordinates().max(axis=0).tolist() for roi in unzipped(rois).values()]
    assert bounds == [list(shape.bounds[2:]) for shape in shapes]
    assert np.array_equal(np.array(Image.open(io.BytesIO(mask))) == 0, ROOMS == 255)  # the boundary of this model is 0
    assert Image.open(io.BytesIO(overlay)).size == (120, 80)
    assert b"septum:one" in method


def test_files_at_another_threshold_are_made_at_that_threshold(page):
    shades = ROOMS.copy()
    shades[:, 40:44] = 120
    pick(page, image("rooms.png", shades))
    page.locator("#threshold").fill("0.4")
    page.locator("#tab-download").click()
    mask = np.array(Image.open(io.BytesIO(take(page, "mask")[1])))
    assert np.array_equal(mask == 0, shades >= 102)
    everything = unzipped(take(page, "all")[1])
    assert json.loads(everything["summary.json"])["threshold"] == 0.4
    assert b"at least 0.4, which was set by hand" in everything["method.txt"]
    assert {"cells.csv", "labels.tif", "rois.zip", "overlay.png", "cells.geojson"} <= everything.keys()
