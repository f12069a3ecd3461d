"""Predictions in parts, with a network that answers the intensities, so that every cut would be seen."""

import functools
import json
import os
import weakref
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from scipy.ndimage import label

from seg.data.files import FileSource
from seg.data.pixel_size import read_pixel_size
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling
from seg.data.volumes import read_volumes
from seg.data.writing import encode_image
from seg.data.zarr_image import label_names, open_image
from seg.inference.tiling import Tiling
from seg.instances import regions
from seg.instances.decoder import Decoder
from seg.instances.measures import measure_cells, to_csv
from seg.instances.watershed import WatershedDecoder
from seg.prediction import tile_task
from seg.prediction.large_prediction import LargePrediction, Model
from seg.prediction.output import Output, Wanted
from tests.seg.data.zarr_stores import write_image

RNG = np.random.default_rng(0)
STACK = RNG.integers(0, 256, (2, 96, 130), dtype=np.uint8)
STACK[:, 0, :2] = 0, 255
TILES = 6  # of both sections


class Dark(Decoder):
    """Cells are what is dark."""

    def decode(self, probability, image=None):
        return label(probability[0] < 0.5)[0].astype(np.int32)

    def search_space(self):
        return {}


class Brightness:
    exact = True

    def __call__(self, image):
        return (image[:, :1] + 1) / 2


def answer(tasks):
    return (task.answer_with(Brightness()) for task in tasks)


def model(**options) -> Model:
    fields = {"checkpoint": "", "threshold": 0.5, "tta": False, "decoder": Dark(), "stride_px": 32, "classes": 1}
    return Model(**fields | {"scaling": IntensityScaling(0, 100), "channels": 1, "planes": Planes()} | options)


def predict(path, folder, answer=answer, tile_px=96, planes=Planes(), **options) -> Output:  # noqa: B008
    wanted = Wanted(**{"format": "ome-zarr", "labels": True} | options)
    output = Output(wanted.folder(folder, str(path)) if wanted.out else folder, wanted, 255)
    for volume in read_volumes(path, planes):
        with_planes = model(planes=planes, channels=2 * planes.context + 1)
        prediction = LargePrediction(volume, with_planes, output, Tiling(tile_px, 32))
        if not prediction.is_whole():
            prediction.run(answer)
        assert prediction.is_whole()
    return output


def pixels(group: Path, level: int = 0) -> np.ndarray:
    return zarr.open_array(str(group / str(level)), mode="r")[...]


@pytest.fixture
def stack(tmp_path) -> Path:
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, STACK, photometric="minisblack", resolution=(20_000, 20_000), resolutionunit="CENTIMETER")
    return path


def assert_store(store: Path, of_labels: Path, image: np.ndarray) -> None:
    assert np.allclose(pixels(store) / 65_535, image / 255, atol=1e-4)
    assert np.array_equal(pixels(of_labels / "labels" / "boundary"), image / 255 >= 0.5)
    planes = image if image.ndim == 3 else image[None]
    cells = pixels(of_labels / "labels" / "cells").reshape(planes.shape)
    for found, plane in zip(cells, planes, strict=True):
        assert np.array_equal(found, label(plane / 255 < 0.5)[0])


def test_pages_become_a_store_without_seams(stack, tmp_path):
    predict(stack, tmp_path / "out")
    store = tmp_path / "out" / "s_probability.zarr"
    assert_store(store, store, STACK)
    image = open_image(store)
    assert (image.axes, image.pixel) == (("z", "y", "x"), pytest.approx((0.5, 0.5)))
    assert set(label_names(store)) == {"cells", "boundary"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"s_probability.zarr", "predict.log"}
    assert (tmp_path / "out" / "predict.log").read_text().count("tiles") == TILES


def test_a_picture_becomes_a_store_of_two_axes(tmp_path):
    (tmp_path / "a.png").write_bytes(encode_image(STACK[0]))
    predict(tmp_path / "a.png", tmp_path / "out")
    store = tmp_path / "out" / "a_probability.zarr"
    assert_store(store, store, STACK[0])
    assert open_image(store).pixel is None


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_are_added_to_those_of_a_store(tmp_path, version):
    store = tmp_path / "film.zarr"
    write_image(store, [STACK[None]], "tzyx", version, labels=("drawn",))
    write_image(store / "labels" / "drawn", [STACK[None]], "tzyx", version)
    predict(store, tmp_path, out="beside")
    assert set(label_names(store)) == {"drawn", "boundary", "cells"}
    assert_store(tmp_path / "predictions" / "film_probability.zarr", store, STACK)
    assert open_image(store / "labels" / "boundary").pixel == (0.5, 0.5)


def test_labels_of_others_are_never_overwritten(tmp_path):
    store = tmp_path / "film.zarr"
    write_image(store, [STACK], "zyx", labels=("boundary",))
    write_image(store / "labels" / "boundary", [STACK], "zyx")
    with pytest.raises(ValueError, match=r"labels/boundary is there already: rename it, or choose a folder"):
        predict(store, tmp_path, out="beside")
    assert np.array_equal(pixels(store / "labels" / "boundary"), STACK)


def test_large_stores_have_coarser_levels(tmp_path):
    image = np.tile(STACK[0], (12, 16))[:1100, :2060]
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="minisblack")
    predict(tmp_path / "a.tif", tmp_path / "out", labels=False, tile_px=800)
    store = tmp_path / "out" / "a_probability.zarr"
    assert np.array_equal(pixels(store, 1), pixels(store)[::2, ::2])
    assert np.array_equal(pixels(store / "labels" / "boundary", 2), pixels(store / "labels" / "boundary")[::4, ::4])
    assert open_image(store, level=2).size == (275, 515)


@pytest.mark.parametrize(("form", "suffix"), [("tiff", ".tif"), ("ome-tiff", ".ome.tif")])
def test_large_tiffs_are_read_and_written_in_parts(stack, tmp_path, monkeypatch, form, suffix):
    monkeypatch.setattr(FileSource, "whole_bytes", 0)
    predict(stack, tmp_path / "out", format=form)
    mask, probability, cells = (tmp_path / "out" / f"s_{kind}{suffix}" for kind in ("mask", "probability", "labels"))
    assert np.array_equal(tifffile.imread(mask), np.where(STACK / 255 >= 0.5, 255, 0))
    assert np.allclose(tifffile.imread(probability), STACK / 255, atol=1e-6)
    assert np.array_equal(tifffile.imread(cells)[1], label(STACK[1] / 255 < 0.5)[0])
    assert read_pixel_size(mask.read_bytes()) == pytest.approx((0.5, 0.5))


class StoppedError(Exception):
    pass


def test_a_second_start_goes_on_at_the_next_tile(stack, tmp_path):
    def stopping(tasks):
        for number, found in enumerate(answer(tasks)):
            if number == 5:
                raise StoppedError
            yield found

    def counting(tasks):
        for found in answer(tasks):
            counted.append(found)
            yield found

    out, counted = tmp_path / "out", []
    with pytest.raises(StoppedError):
        predict(stack, out, stopping)
    assert not (out / "s_probability.zarr").exists()
    assert json.loads((out / "s_progress.json").read_text()) == {"tiles": 5}
    predict(stack, out, counting)
    assert len(counted) == TILES - 5
    assert_store(out / "s_probability.zarr", out / "s_probability.zarr", STACK)
    predict(stack, out, counting)
    assert len(counted) == TILES - 5
    os.utime(stack)
    predict(stack, out, counting)
    assert len(counted) == TILES - 5 + TILES


def test_a_cluster_answers_as_this_machine_does(stack, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(tile_task, "load_engine", functools.lru_cache(lambda checkpoint, tta: Brightness()))
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        predict(stack, tmp_path / "there", tile_task.answer_on_cluster(cluster.scheduler_address))
    predict(stack, tmp_path / "here", tile_task.answer_here)
    for part in ("0", "labels/boundary/0", "labels/cells/0"):
        there, here = (
            zarr.open_array(str(tmp_path / each / "s_probability.zarr" / part)) for each in ("there", "here")
        )
        assert np.array_equal(there[...], here[...])


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_named():
    with pytest.raises(ConnectionError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"):
        tile_task.answer_on_cluster("tcp://127.0.0.1:1")


@pytest.mark.parametrize("context", [0, 1])
@pytest.mark.parametrize("labels", [False, True])
def test_cells_are_measured_in_parts_as_they_are_in_memory(stack, tmp_path, monkeypatch, labels, context):
    monkeypatch.setattr(regions, "_BAND_PX", 20)
    output = predict(stack, tmp_path / "out", planes=Planes(context=context), labels=labels, measurements=True)
    for section, image in enumerate(STACK):
        cells = label((STACK[0] if context else image) / 255 < 0.5)[0]  # the network answers the first channel
        measured = (output.folder / f"s-{section:04}_cells.csv").read_text()
        assert measured == to_csv(measure_cells(cells.astype(np.int32), image, (0.5, 0.5)))
        assert measured.count("\n") == cells.max() + 1 > 100
    assert not list(output.folder.glob("*.partial"))
    assert (output.folder / "s_probability.zarr" / "labels" / "cells").exists() == labels


@pytest.mark.parametrize(
    ("asked", "of_model", "sentence"),
    [
        ({"format": "png"}, {}, "too large for PNG: add --format ome-zarr, or tiff"),
        ({"labels": True}, {"decoder": None}, "no decoder of cells"),
        ({"measurements": True}, {"decoder": None}, "leave --labels and --measure out"),
        ({"measurements": True}, {"decoder": WatershedDecoder(foreground="bright")}, "looks at whole images"),
    ],
)
def test_what_cannot_be_written_in_parts_is_refused(stack, tmp_path, asked, of_model, sentence):
    (volume,) = read_volumes(stack)
    output = Output(tmp_path, Wanted(**{"format": "ome-zarr"} | asked), 255)
    with pytest.raises(ValueError, match=sentence):
        LargePrediction(volume, model(**of_model), output)


def test_pages_of_different_sizes_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "s.tif") as file:
        file.write(STACK[0])
        file.write(STACK[0, :50])
    (volume,) = read_volumes(tmp_path / "s.tif")
    with pytest.raises(ValueError, match="its pages have different sizes"):
        LargePrediction(volume, model(), Output(tmp_path, Wanted(format="ome-zarr"), 255))


def test_a_format_that_is_none_is_refused():
    with pytest.raises(ValueError, match="--format must be one of png, tiff, ome-tiff, ome-zarr, got gif"):
        Wanted(format="gif")


def test_the_engine_is_given_back_before_cells_are_found(stack, tmp_path, monkeypatch):
    engines, alive = [], []

    def load(checkpoint, tta):
        engine = Brightness()
        engines.append(weakref.ref(engine))
        return engine

    def decode(self, probability, image=None):
        alive.append(engines[-1]() is not None)
        return np.zeros(probability.shape[1:], np.int32)

    monkeypatch.setattr(tile_task, "load_engine", functools.lru_cache(maxsize=1)(load))
    monkeypatch.setattr(Dark, "decode", decode)
    predict(stack, tmp_path / "out", tile_task.answer_here)
    assert alive == [False, False]
    assert len(engines) == 1
