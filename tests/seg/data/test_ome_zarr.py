import builtins
import json
import shutil

import numpy as np
import pytest

from seg.data.ome_zarr import OmeZarr
from seg.data.planes import Planes
from seg.data.volumes import read_volumes
from seg.data.zarr_image import find_stores, open_image
from tests.seg.data.zarr_stores import write_image

RNG = np.random.default_rng(0)
PLANE = RNG.integers(0, 60_000, (40, 52), dtype=np.uint16)
VOLUME = RNG.integers(0, 60_000, (2, 3, 40, 52), dtype=np.uint16)
CELLS = np.kron(np.arange(1, 17).reshape(4, 4), np.ones((10, 13))).astype(np.int32)
VERSIONS = pytest.mark.parametrize("version", ["0.4", "0.5"])


def write(root, name="a", version="0.4", image=PLANE, axes="yx", labels=CELLS, of_labels="yx", **options) -> None:
    levels = [image, image[..., ::2, ::2]]
    write_image(root / f"{name}.zarr", levels, axes, version, labels=("cells",), **options)
    write_image(root / f"{name}.zarr" / "labels" / "cells", [labels, labels[..., ::2, ::2]], of_labels, version)


@VERSIONS
def test_image_and_labels_are_read_with_the_size_of_a_pixel(tmp_path, version):
    write(tmp_path, "b.ome", version, scale=0.25, unit="micrometer")
    write(tmp_path, "a", version, scale=250, unit="nanometer")
    first, second = OmeZarr(str(tmp_path), labels="cells")
    assert (first.name, second.name) == ("a", "b")
    for sample in (first, second):
        assert np.array_equal(sample.image, PLANE)
        assert np.array_equal(sample.labels, CELLS)
        assert sample.mask[9:11, 5].all()
        assert not sample.mask[5, 5]
        assert sample.pixel == pytest.approx((0.25, 0.25))


@VERSIONS
def test_a_level_is_half_as_large_with_twice_the_pixel(tmp_path, version):
    write(tmp_path, version=version)
    (sample,) = OmeZarr(str(tmp_path), labels="cells", level=1)
    assert np.array_equal(sample.image, PLANE[::2, ::2])
    assert np.array_equal(sample.labels, CELLS[::2, ::2])
    assert sample.pixel == (1.0, 1.0)


def test_labels_of_fewer_levels_are_found_by_their_size(tmp_path):
    write(tmp_path)
    write_image(tmp_path / "a.zarr" / "labels" / "cells", [CELLS[::2, ::2]], "yx")
    (sample,) = OmeZarr(str(tmp_path), labels="cells", level=1)
    assert np.array_equal(sample.labels, CELLS[::2, ::2])
    with pytest.raises(ValueError, match=r"labels/cells: no level has 52x40 pixels as its image has, but 26x20"):
        len(OmeZarr(str(tmp_path), labels="cells"))


@VERSIONS
def test_planes_are_samples_with_their_channels_and_neighbors(tmp_path, version):
    labels = np.stack([CELLS, CELLS * 2, CELLS * 3])
    write(tmp_path, version=version, image=VOLUME, axes="czyx", labels=labels, of_labels="zyx")
    source = OmeZarr(str(tmp_path), labels="cells")
    source.take_planes(Planes.of([1, 0], context=1))
    assert [sample.name for sample in source] == ["a-0000", "a-0001", "a-0002"]
    first = source[0]
    assert np.array_equal(first.labels, CELLS)
    sections = [VOLUME[[1, 0], z] for z in (0, 0, 1)]
    assert np.array_equal(first.image, np.moveaxis(np.concatenate(sections), 0, 2))


def test_channels_may_be_named_as_the_metadata_name_them(tmp_path):
    write(tmp_path, image=VOLUME[:, 0], axes="cyx")
    attributes = tmp_path / "a.zarr" / ".zattrs"
    named = [{"label": f"channel {number}"} for number in range(len(VOLUME))]
    attributes.write_text(json.dumps(json.loads(attributes.read_text()) | {"omero": {"channels": named}}))
    image = open_image(tmp_path / "a.zarr").raster(0, Planes.of(["Channel 1"])).read_all()
    assert np.array_equal(image[..., 0], VOLUME[1, 0])
    with pytest.raises(ValueError, match=r"not the channels DAPI: its channels are channel 0, channel 1"):
        open_image(tmp_path / "a.zarr").raster(0, Planes.of(["DAPI"]))


@VERSIONS
@pytest.mark.parametrize("projection", ["max", "mean"])
def test_the_planes_of_a_time_become_one_image(tmp_path, version, projection):
    film = RNG.integers(0, 256, (2, 2, 3, 40, 52), dtype=np.uint8)
    write(tmp_path, version=version, image=film, axes="tczyx", labels=np.stack([CELLS, CELLS * 2]), of_labels="tyx")
    expected = film.max(axis=2) if projection == "max" else film.mean(axis=2).round().astype(np.uint8)
    source = OmeZarr(str(tmp_path), labels="cells")
    source.take_planes(Planes.of([1], projection=projection))
    assert [sample.name for sample in source] == ["a-0000", "a-0001"]
    assert [np.array_equal(sample.image[..., 0], expected[t, 1]) for t, sample in enumerate(source)] == [True, True]
    (volume,) = read_volumes(tmp_path, Planes.of([1, 0], projection=projection))
    assert (volume.axes, volume.lengths) == (("t",), (2,))
    window = slice(5, 9), slice(20, 33)
    part = volume.sections[1].window(window).image
    assert np.array_equal(part, np.moveaxis(expected[1][[1, 0]], 0, 2)[window])


def test_a_projection_of_grey_planes_is_grey_and_its_mask_has_one_plane(tmp_path):
    write(tmp_path, image=VOLUME[0], axes="zyx")
    source = OmeZarr(str(tmp_path), labels="cells")
    source.take_planes(Planes.of(1, projection="max"))
    assert np.array_equal(source[0].image, VOLUME[0].max(axis=0))
    write(tmp_path, image=VOLUME[0], axes="zyx", labels=np.stack([CELLS] * 3), of_labels="zyx")
    source = OmeZarr(str(tmp_path), labels="cells")
    source.take_planes(Planes.of(1, projection="max"))
    with pytest.raises(ValueError, match=r"cells: 3 plane\(s\), but its image has 1: save one for each"):
        list(source)


def test_neighbors_are_of_the_same_time(tmp_path):
    film = np.arange(2 * 3)[:, None, None].repeat(40, 1).repeat(52, 2).reshape(2, 3, 40, 52).astype(np.uint8)
    write(tmp_path, image=film, axes="tzyx", labels=film, of_labels="tzyx")
    source = OmeZarr(str(tmp_path), labels="cells")
    source.take_planes(Planes.of(1, context=1))
    assert [source[number].image[0, 0].tolist() for number in (2, 3)] == [[1, 2, 2], [3, 3, 4]]


def test_masks_need_the_value_of_the_boundary(tmp_path):
    write(tmp_path, labels=(CELLS > 3).astype(np.uint8))
    (sample,) = OmeZarr(str(tmp_path), masks="cells", boundary_value=1)
    assert np.array_equal(sample.mask, CELLS > 3)
    assert sample.labels is None
    with pytest.raises(ValueError, match="masks need boundary_value"):
        OmeZarr(str(tmp_path), masks="cells")
    with pytest.raises(ValueError, match="give either masks or labels"):
        OmeZarr(str(tmp_path))


def test_a_mask_of_booleans_has_the_value_255(tmp_path):
    write(tmp_path, labels=CELLS > 3)
    (sample,) = OmeZarr(str(tmp_path), masks="cells", boundary_value=255)
    assert np.array_equal(sample.mask, CELLS > 3)


def test_color_is_read_as_color_and_other_channels_need_numbers(tmp_path):
    write(tmp_path, image=np.stack([PLANE, PLANE, PLANE]), axes="cyx")
    assert OmeZarr(str(tmp_path), labels="cells")[0].image.shape == (40, 52, 3)
    write(tmp_path, image=np.stack([PLANE, PLANE]), axes="cyx")
    with pytest.raises(ValueError, match=r"the image has 2 channels: add channels: \[0\] to the data"):
        open_image(tmp_path / "a.zarr").raster(0, Planes())


def test_every_store_that_cannot_be_used_is_named_with_what_helps(tmp_path):
    write(tmp_path, "good")
    write(tmp_path, "nolabels")
    write_image(tmp_path / "nolabels.zarr", [PLANE], "yx", labels=("nuclei",))
    write(tmp_path, "planes", image=VOLUME[0], axes="zyx")
    write(tmp_path, "axes", image=VOLUME[0], axes="cyx")
    (tmp_path / "axes.zarr" / ".zattrs").write_text('{"multiscales": [{"datasets": [{"path": "0"}], "axes": ["y"]}]}')
    write(tmp_path, "empty")
    (tmp_path / "empty.zarr" / ".zattrs").write_text("{}")
    write(tmp_path, "broken")
    (tmp_path / "broken.zarr" / ".zattrs").write_text("{")
    write(tmp_path, "damaged")
    (tmp_path / "damaged.zarr" / "0" / "0" / "0").write_bytes(b"?")
    with pytest.raises(ValueError, match=r"6 problem\(s\)") as refusal:
        len(OmeZarr(str(tmp_path), labels="cells"))
    for sentence in (
        "nolabels.zarr: no labels/cells: set labels: to a name under labels/, where there is nuclei",
        "planes.zarr/labels/cells: 1 plane(s), but its image has 3",
        "axes.zarr: the metadata is no OME-Zarr 0.4 or 0.5",
        "empty.zarr: no image in the metadata",
        "broken.zarr: it is no Zarr group, or its metadata is damaged",
        "damaged.zarr: the image is damaged or incomplete",
    ):
        assert sentence in str(refusal.value)


def test_axes_must_be_known_and_levels_there(tmp_path):
    write(tmp_path)
    with pytest.raises(ValueError, match=r"a.zarr: level 2 was asked for, there are 0 to 1"):
        len(OmeZarr(str(tmp_path), labels="cells", level=2))
    metadata = (tmp_path / "a.zarr" / ".zattrs").read_text()
    (tmp_path / "a.zarr" / ".zattrs").write_text(metadata.replace('"name": "y"', '"name": "q"'))
    with pytest.raises(ValueError, match="axes must be some of t, c, z, with y and x, got q, x"):
        len(OmeZarr(str(tmp_path), labels="cells"))


def test_a_store_may_be_given_itself_and_a_folder_without_one_is_refused(tmp_path):
    write(tmp_path)
    assert find_stores(tmp_path / "a.zarr") == [tmp_path / "a.zarr"]
    assert len(OmeZarr(str(tmp_path / "a.zarr"), labels="cells")) == 1
    shutil.rmtree(tmp_path / "a.zarr")
    with pytest.raises(ValueError, match=r"no OME-Zarr store in .*: it needs folders that end with \.zarr"):
        len(OmeZarr(str(tmp_path), labels="cells"))
    with pytest.raises(FileNotFoundError, match="no such folder"):
        OmeZarr(str(tmp_path / "none"), labels="cells")


def test_without_zarr_the_extra_is_named(tmp_path, monkeypatch):
    imported = builtins.__import__

    def without_zarr(name, *args, **options):
        if name == "zarr":
            raise ImportError(name)
        return imported(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_zarr)
    with pytest.raises(ImportError, match=r'pip install "septum\[zarr\]"'):
        OmeZarr(str(tmp_path), labels="cells")
