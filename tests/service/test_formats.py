"""Every format of an answer, opened by a library that had no part in writing it."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import roifile
import shapely
import tifffile
from PIL import Image
from skimage.measure import regionprops
from starlette.testclient import TestClient

from service.bundle import MEMBERS
from service.cells import feature_collection, find_cells
from service.formats import FORMATS
from tests.service.world import Brightness, app_of, png_of, tiff_of

#: Two rooms between bright walls; the left one has a pillar, which is a hole of its cell.
ROOMS = np.zeros((60, 90), np.uint8)
ROOMS[:3] = ROOMS[-3:] = ROOMS[:, :3] = ROOMS[:, -3:] = ROOMS[:, 48:52] = 255
ROOMS[25:35, 18:30] = 255
PIXEL = {"resolution": (40_000, 20_000), "resolutionunit": "CENTIMETER", "photometric": "minisblack"}


def ask(client, what: str, body: bytes | None = None):
    answer = client.post(f"/predict?{what}", content=body or png_of(ROOMS))
    assert answer.status_code == 200, answer.text
    return answer


def test_the_probability_comes_as_floating_point_with_the_size_of_a_pixel(client):
    answer = ask(client, "format=probability_tiff", tiff_of(ROOMS, **PIXEL))
    assert answer.headers["content-type"] == "image/tiff"
    with tifffile.TiffFile(io.BytesIO(answer.content)) as file:
        assert np.array_equal(file.asarray(), ROOMS / np.float32(255))
        assert file.asarray().dtype == np.float32
        assert file.pages[0].get_resolution("micrometer") == pytest.approx((4, 2))


@pytest.mark.parametrize("side_um", ["0.0001", "10000"])
def test_any_size_of_a_pixel_that_is_accepted_can_be_written(client, side_um):
    answer = ask(client, f"format=labels&pixel_size_um={side_um}")
    with tifffile.TiffFile(io.BytesIO(answer.content)) as file:
        per_um = file.pages[0].get_resolution("micrometer")
    assert per_um == pytest.approx((1 / float(side_um),) * 2, rel=0.01)


def test_labels_are_the_cells_of_the_predictors_decoder(client):
    answer = ask(client, "format=labels")
    labels = tifffile.imread(io.BytesIO(answer.content))
    assert labels.dtype == np.uint16
    assert np.array_equal(labels, Brightness().decode((ROOMS / np.float32(255))[None], ROOMS))
    assert labels.max() == 2


def test_the_table_has_a_row_per_cell_with_the_numbers_of_scikit_image(client):
    answer = ask(client, "format=csv", tiff_of(ROOMS, **PIXEL))
    assert answer.headers["content-type"].startswith("text/csv")
    labels = tifffile.imread(io.BytesIO(ask(client, "format=labels").content))
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(row["area"]) for row in rows] == [region.area for region in regionprops(labels)]
    assert float(rows[0]["area_um2"]) == pytest.approx(int(rows[0]["area"]) * 0.25 * 0.5)


def test_contours_are_valid_polygons_with_holes_that_cover_the_cells(client):
    answer = ask(client, "format=contours")
    assert answer.headers["content-type"] == "application/geo+json"
    labels = tifffile.imread(io.BytesIO(ask(client, "format=labels").content))
    collection = json.loads(answer.content)
    assert collection["type"] == "FeatureCollection"
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in collection["features"]]
    assert len(shapes) == 2
    assert all(shape.is_valid and shape.geom_type == "Polygon" for shape in shapes)
    assert [len(shape.interiors) for shape in shapes] == [1, 0]
    assert all(shape.exterior.is_ccw for shape in shapes)
    rows, columns = np.indices(labels.shape)
    for number, shape in enumerate(shapes, start=1):
        inside = shapely.contains_xy(shape, columns + 0.5, rows + 0.5)
        assert np.array_equal(inside, labels == number)


def test_a_feature_has_what_qupath_reads(client):
    features = json.loads(ask(client, "format=contours").content)["features"]
    properties = features[1]["properties"]
    assert properties["objectType"] == "detection"
    assert properties["classification"]["name"] == "Cell"
    # the right room: columns 52 to 86, rows 3 to 56; each corner of its outline is cut by half a pixel
    assert properties["measurements"] == {
        "Area px^2": 35 * 54,
        "Perimeter px": pytest.approx(2 * (34 + 53) + 4 * np.hypot(0.5, 0.5), rel=1e-5),
        "Centroid X px": 69.5,
        "Centroid Y px": 30.0,
    }


def test_measurements_are_physical_where_the_size_of_a_pixel_is_known(client):
    body = tiff_of(ROOMS, **PIXEL)  # 0.5 um high, 0.25 um wide
    measurements = json.loads(ask(client, "format=contours", body).content)["features"][1]["properties"]["measurements"]
    assert measurements == {
        "Area µm^2": 35 * 54 / 8,
        "Perimeter µm": pytest.approx(2 * (34 / 4 + 53 / 2) + 4 * np.hypot(1 / 8, 1 / 4), rel=1e-5),
        "Centroid X µm": pytest.approx(69.5 / 4),
        "Centroid Y µm": 15.0,
    }
    asked = json.loads(ask(client, "format=contours&pixel_size_um=2", body).content)
    assert asked["features"][1]["properties"]["measurements"]["Area µm^2"] == 35 * 54 * 4


@pytest.mark.parametrize("side_um", [0.0046, 0.0001, 40])
def test_numbers_keep_six_digits_whatever_the_size_of_a_pixel(client, side_um):
    features = json.loads(ask(client, f"format=contours&pixel_size_um={side_um}").content)["features"]
    areas = ask(client, f"format=json&pixel_size_um={side_um}").json()["cells"]["area_um2"]
    for feature, area, pixels in zip(features, areas, (45 * 54 - 10 * 12, 35 * 54), strict=True):
        assert feature["properties"]["measurements"]["Area µm^2"] == pytest.approx(pixels * side_um**2, rel=1e-5)
        assert area == feature["properties"]["measurements"]["Area µm^2"]


def test_the_pixels_of_a_cell_are_never_rounded():
    (cell,) = find_cells(np.ones((1201, 1003), np.int32))
    assert (
        json.loads(feature_collection([cell], None))["features"][0]["properties"]["measurements"]["Area px^2"]
        == 1201 * 1003
    )


def test_a_cell_in_two_parts_is_one_feature():
    labels = np.zeros((9, 9), np.int32)
    labels[1:3, 1:3] = labels[6, 6] = labels[7, 7] = 3
    (cell,) = find_cells(labels)
    feature = json.loads(feature_collection([cell], None))["features"][0]
    shape = shapely.from_geojson(json.dumps(feature["geometry"]))
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert shape.is_valid
    assert (cell.label, cell.area_px) == (3, 6)
    # a pixel that touches others by a corner alone is a diamond of half its area
    assert shape.area == 4 - 4 / 8 + 2 * 0.5


def test_the_overlay_shows_the_image_and_the_boundary_in_color(client):
    picture = np.array(Image.open(io.BytesIO(ask(client, "format=overlay").content)))
    assert picture.shape == (*ROOMS.shape, 3)
    assert (picture[ROOMS == 0] == 0).all()
    assert (picture[ROOMS == 255] == [255, 148, 89]).all()  # 0.35 of white and 0.65 of (255, 90, 0)


def test_imagej_gets_a_polygon_for_each_outline_where_the_geojson_has_it(client):
    archive = zipfile.ZipFile(io.BytesIO(ask(client, "format=rois").content))
    assert archive.namelist() == ["1.roi", "1-2.roi", "2.roi"]  # the left room has a hole
    rois = [roifile.ImagejRoi.frombytes(archive.read(name)) for name in archive.namelist()]
    assert [roi.name for roi in rois] == ["1", "1-2", "2"]
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}  # equal answers are equal bytes
    left, right = json.loads(ask(client, "format=contours").content)["features"]
    rings = [*left["geometry"]["coordinates"], *right["geometry"]["coordinates"]]
    for roi, ring in zip(rois, rings, strict=True):
        assert roi.roitype == roifile.ROI_TYPE.POLYGON
        assert roi.coordinates().tolist() == ring[:-1]


def test_the_archive_holds_what_the_formats_answer_and_a_text(client):
    query = "threshold=0.25&pixel_size_um=0.5"
    archive = zipfile.ZipFile(io.BytesIO(ask(client, f"format=zip&{query}").content))
    assert archive.namelist() == ["picture.png", *MEMBERS, "method.txt"]
    for name in MEMBERS.keys() - {"summary.json"}:  # which has the seconds that it took
        assert archive.read(name) == ask(client, f"format={MEMBERS[name]}&{query}").content, name
    assert json.loads(archive.read("summary.json"))["threshold"] == 0.25
    assert archive.read("picture.png") == zipfile.ZipFile(io.BytesIO(ask(client, "format=view").content)).read(
        "picture.png"
    )


def test_the_archive_has_the_further_channels_of_a_network_with_16_bits():
    class Several(Brightness):
        def probabilities(self, image, tta=False, before_tile=None):
            boundary = super().probabilities(image, tta, before_tile)
            return np.concatenate([boundary, 1 - boundary, boundary / 4])

    with TestClient(app_of(Several())) as client:
        archive = zipfile.ZipFile(io.BytesIO(ask(client, "format=zip").content))
        view = zipfile.ZipFile(io.BytesIO(ask(client, "format=view").content))
    assert archive.namelist() == ["picture.png", *MEMBERS, "inside.png", "center.png", "method.txt"]
    assert view.namelist() == ["picture.png", "probability.png"]
    boundary, inside, center = (
        np.array(Image.open(io.BytesIO(archive.read(f"{name}.png")))) for name in ("probability", "inside", "center")
    )
    assert inside.dtype == center.dtype == np.uint16
    assert np.array_equal(inside, 65535 - boundary)
    assert np.abs(center - boundary / 4).max() <= 0.5
    text = archive.read("method.txt").decode()
    assert "inside.png of the inside of a cell, center.png of the center of a cell" in text


def test_the_picture_has_the_contrast_that_the_network_gets(client):
    dim = (1000 + ROOMS.astype(np.uint16)).copy()
    archive = zipfile.ZipFile(io.BytesIO(ask(client, "format=view", tiff_of(dim, photometric="minisblack")).content))
    assert archive.namelist() == ["picture.png", "probability.png"]
    assert np.array_equal(np.array(Image.open(io.BytesIO(archive.read("picture.png")))), ROOMS)


def test_the_text_names_model_loss_data_threshold_and_pixel(client):
    def text(query: str) -> str:
        return zipfile.ZipFile(io.BytesIO(ask(client, f"format=zip&{query}").content)).read("method.txt").decode()

    chosen, by_hand = text("tta=true"), text("threshold=0.25&pixel_size_um=0.5")
    assert all(
        part in chosen for part in ("septum:one", "losses.L2Loss", "f" * 64, "at least 0.5, which was chosen on")
    )
    assert "mean over the turned and mirrored image" in chosen
    assert "The size of a pixel is unknown" in chosen
    assert "at least 0.25, which was set by hand" in by_hand
    assert "0.5 um high and 0.5 um wide" in by_hand
    assert "turned" not in by_hand


def test_the_summary_counts_and_measures(client):
    summary = ask(client, "format=json&threshold=0.4", tiff_of(ROOMS, **PIXEL)).json()
    areas = [45 * 54 - 10 * 12, 35 * 54]
    assert summary["cells"] == {"count": 2, "area_px": areas, "area_um2": [area / 8 for area in areas]}
    assert summary["image"] == {"height": 60, "width": 90, "pixel_size_um": [0.5, 0.25]}
    assert summary["threshold"] == 0.4
    assert summary["boundary_share"] == pytest.approx((ROOMS == 255).mean())
    assert (summary["model"]["tag"], summary["model"]["provenance"]["loss"]) == ("septum:one", "losses.L2Loss")
    assert sorted(summary["seconds"]) == ["decode", "engine"]
    plain = ask(client, "format=json").json()
    assert (plain["threshold"], plain["image"]["pixel_size_um"], plain["cells"]["area_um2"]) == (0.5, None, None)


@pytest.mark.parametrize("what", ["labels", "contours", "csv", "json", "overlay", "probability_tiff", "rois", "zip"])
@pytest.mark.parametrize("gray", [0, 255])
def test_an_image_of_one_pixel_or_without_cells_has_every_format(client, what, gray):
    answer = ask(client, f"format={what}", png_of(np.full((1, 1), gray, np.uint8)))
    if what == "contours":
        assert answer.json()["features"] == []
    elif what == "json":
        assert answer.json()["cells"]["count"] == 0
        assert answer.json()["boundary_share"] == gray / 255
    elif what == "csv":
        assert len(answer.text.splitlines()) == 1
    elif what in ("rois", "zip"):
        assert zipfile.ZipFile(io.BytesIO(answer.content)).testzip() is None
    elif what == "overlay":
        assert Image.open(io.BytesIO(answer.content)).size == (1, 1)
    else:
        value = gray / 255 if what == "probability_tiff" else 0
        assert tifffile.imread(io.BytesIO(answer.content)).ravel().tolist() == [value]


def test_turns_are_averaged_only_when_asked_for(client):
    answers = [ask(client, f"format=probability_tiff&tta={tta}").content for tta in ("false", "true")]
    plain, turned = (tifffile.imread(io.BytesIO(answer)) for answer in answers)
    assert np.array_equal(turned, 1 - plain)


def test_a_model_whose_scores_are_of_averaged_predictions_averages_unless_told_not_to():
    class Averaging(Brightness):
        info = replace(Brightness.info, tta=True, threshold_tta=0.25)

    with TestClient(app_of(Averaging())) as client:
        default, no = (ask(client, f"format=probability_tiff{query}").content for query in ("", "&tta=false"))
        thresholds = [ask(client, f"format=json{query}").json()["threshold"] for query in ("", "&tta=false")]
        assert client.get("/model").json()["tta"] is True
    assert np.array_equal(tifffile.imread(io.BytesIO(default)), 1 - tifffile.imread(io.BytesIO(no)))
    assert thresholds == [0.25, 0.5]


def test_the_text_tells_of_an_ensemble():
    class Several(Brightness):
        info = replace(
            Brightness.info,
            network=replace(Brightness.info.network, members=2),
            provenance=replace(Brightness.info.provenance, members=["l2, seed 0", "l2, seed 1"]),
        )

    with TestClient(app_of(Several())) as client:
        archive = zipfile.ZipFile(io.BytesIO(ask(client, "format=zip").content))
    text = archive.read("method.txt").decode()
    assert "the mean of 2 networks of the type unet" in text
    assert "The first of them was trained with the loss losses.L2Loss" in text


def test_the_table_of_formats_is_light_enough_for_the_command_line():
    heavy = "{'numpy', 'starlette', 'tifffile', 'seg.data.writing'}"
    program = f"import sys, service.client_command; print({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_formats_of_one_image_get_names_of_their_own_and_are_described_in_the_document(client):
    assert len({form.suffix for form in FORMATS.values()}) == len(FORMATS)
    operation = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    (schema,) = [each["schema"] for each in operation["parameters"] if each["name"] == "format"]
    assert schema["enum"] == list(FORMATS)
    assert all(f"{name}: {form.description}" in schema["description"] for name, form in FORMATS.items())
    assert operation["responses"]["200"]["content"].keys() == {form.media_type for form in FORMATS.values()}


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_an_answer_has_the_media_type_of_its_format(client, form):
    assert ask(client, f"format={form.name}").headers["content-type"].split(";")[0] == form.media_type
