"""What is read window by window equals what is decoded whole."""

import pickle

import albumentations
import numpy as np
import pytest
import tifffile
from scipy.ndimage import label

from seg.data import windowed_sample
from seg.data.cached_sample import CachedSample
from seg.data.content_hash import hash_samples
from seg.data.dataset import RandomCrops
from seg.data.folder import ImageFolder
from seg.data.ome_zarr import OmeZarr
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling, limits_of
from seg.data.stacks import ImageStacks
from seg.data.streamed_limits import stream_percentiles
from seg.data.windowed_sample import WindowedSample
from tests.seg.data.zarr_stores import write_image

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 60_000, (600, 70), dtype=np.uint16)
MASK = (RNG.random((600, 70)) < 0.1).astype(np.uint8) * 255
CELLS = label(RNG.random((600, 70)) < 0.6)[0].astype(np.int32)
PARTLY = np.where(RNG.random((600, 70)) < 0.1, 128, MASK).astype(np.uint8)

WAYS = {
    "uncompressed": {},
    "big endian": {"byteorder": ">"},
    "strips": {"compression": "zlib", "rowsperstrip": 7, "predictor": True},
    "tiles": {"compression": "lzw", "tile": (48, 32)},
}


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch):
    monkeypatch.setattr(windowed_sample, "_STRIP_PIXELS", 1)


def save(path, pixels, **options) -> None:
    path.parent.mkdir(exist_ok=True)
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)


def both(make, planes=None) -> tuple[list, list]:
    """Return the samples decoded whole, and read window by window."""
    sources = [make(), make()]
    sources[1].whole_bytes = 0
    for source in sources:
        source.take_planes(planes or Planes())
    whole, windowed = (list(source) for source in sources)
    assert all(isinstance(sample, CachedSample) for sample in whole)
    assert all(isinstance(sample, WindowedSample) for sample in windowed)
    return whole, windowed


def assert_equal(first, second) -> None:
    for field in ("name", "shape", "dtype", "pixel", "partly", "labeled", "thickness_px"):
        assert getattr(first, field) == getattr(second, field), field
    assert second.boundary_share == pytest.approx(first.boundary_share)
    assert second.void_share == pytest.approx(first.void_share)
    for field in ("image", "mask", "labels", "valid"):
        assert np.array_equal(getattr(first, field), getattr(second, field)), field
    window = slice(250, 300), slice(13, 40)
    for field in ("image", "mask", "labels"):
        assert np.array_equal(getattr(first.window(window), field), getattr(second.window(window), field)), field
    for chosen in ("boundary", "annotated"):
        count = first.count(chosen)
        assert count == second.count(chosen)
        for number in (0, count // 2, count - 1):
            assert first.find(chosen, number) == second.find(chosen, number)


def assert_same_crops(first, second, **options) -> None:
    augmented = [albumentations.D4(p=1.0), albumentations.RandomBrightnessContrast(p=0.5)]
    first, second = (
        RandomCrops(samples, IntensityScaling(), 1, 64, augmented, seed=3, **options) for samples in (first, second)
    )
    for index in range(6):
        one, other = first[1, index], second[1, index]
        assert one.keys() == other.keys()
        for key in one.keys() - {"name"}:
            assert np.array_equal(one[key], other[key]), key


@pytest.mark.parametrize("way", WAYS)
def test_masks_in_a_folder(tmp_path, way):
    save(tmp_path / "images" / "a.tif", IMAGE, **WAYS[way])
    save(tmp_path / "masks" / "a.tif", PARTLY, **WAYS[way])
    whole, windowed = both(lambda: ImageFolder(str(tmp_path), masks="masks", boundary_value=255, void=128))
    assert_equal(*whole, *windowed)
    assert_same_crops(whole, windowed)
    assert_same_crops(whole, windowed, boundary_share=1.0)


@pytest.mark.parametrize("void", [None, 2])
def test_labels_whose_boundary_reaches_into_the_window(tmp_path, void):
    save(tmp_path / "images" / "a.tif", IMAGE)
    save(tmp_path / "labels" / "a.tif", CELLS)
    whole, windowed = both(lambda: ImageFolder(str(tmp_path), labels="labels", thickness_px=2, void=void))
    assert_equal(*whole, *windowed)
    assert_same_crops(whole, windowed, targets=("boundary", "inside", "center"), boundary_share=0.5)


def test_masks_of_one_bit_and_white_is_zero(tmp_path):
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", IMAGE, photometric="miniswhite")
    save(tmp_path / "masks" / "a.tif", MASK > 0)
    whole, windowed = both(lambda: ImageFolder(str(tmp_path), masks="masks", boundary_value=255))
    assert_equal(*whole, *windowed)


@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"metadata": {"axes": "ZYX"}}])
def test_pages_with_their_neighbors(tmp_path, options):
    save(tmp_path / "images" / "a.tif", np.stack([IMAGE, IMAGE // 2, IMAGE // 3]), **options)
    save(tmp_path / "masks" / "a.tif", np.stack([MASK] * 3))
    whole, windowed = both(
        lambda: ImageStacks(str(tmp_path), masks="masks", boundary_value=255), Planes.of(1, context=1)
    )
    for first, second in zip(whole, windowed, strict=True):
        assert_equal(first, second)


def test_channels_in_pages_and_in_samples(tmp_path):
    channels = np.stack([IMAGE, IMAGE // 2, IMAGE // 3])
    save(tmp_path / "images" / "a.tif", channels, imagej=True, metadata={"axes": "CYX"})
    save(tmp_path / "images" / "b.tif", np.moveaxis(channels, 0, 2), planarconfig="contig", tile=(64, 64))
    for name in "ab":
        save(tmp_path / "masks" / f"{name}.tif", MASK)
    whole, windowed = both(lambda: ImageFolder(str(tmp_path), masks="masks", boundary_value=255), Planes.of([2, 0]))
    for first, second in zip(whole, windowed, strict=True):
        assert_equal(first, second)
        limits = [limits_of(sample, IntensityScaling(), 2, 2) for sample in (first, second)]
        assert np.array_equal(*limits)


def test_zarr_chunk_by_chunk(tmp_path):
    write_image(tmp_path / "a.zarr", [IMAGE], "yx", "0.5", chunk=64, labels=("cells",))
    write_image(tmp_path / "a.zarr" / "labels" / "cells", [CELLS], "yx", "0.5", chunk=50)
    whole, windowed = both(lambda: OmeZarr(str(tmp_path), labels="cells"))
    assert_equal(*whole, *windowed)
    assert_same_crops(whole, windowed)


@pytest.mark.parametrize("percentiles", [(0, 100), (0.1, 99.9), (5, 50), (49, 51.3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_percentiles_are_those_of_numpy(percentiles, dtype):
    for count in (1, 2, 3, 10, 4321):
        values = (RNG.random(count) * 250).astype(dtype)
        streamed = stream_percentiles(np.array_split(values, 7), count, percentiles)
        assert np.array_equal(streamed, np.percentile(values, percentiles)), count


@pytest.mark.parametrize("shape", [(600, 70), (50, 200), (64, 64), (30, 30)])
def test_a_crop_is_that_of_albumentations_on_the_whole_image(tmp_path, shape):
    image = RNG.integers(0, 60_000, shape, dtype=np.uint16)
    save(tmp_path / "images" / "a.tif", image)
    save(tmp_path / "masks" / "a.tif", np.zeros(shape, np.uint8))
    crops = RandomCrops(
        list(ImageFolder(str(tmp_path), masks="masks", boundary_value=255)), IntensityScaling(0, 100), 1, 64, [], seed=1
    )
    low, high = crops.limits[0]
    for index in range(5):
        seed = int(np.random.SeedSequence((1, 0, index)).generate_state(3)[0])
        crops.crop.set_random_seed(seed)
        expected = (crops.crop(image=image[..., None])["image"][..., 0].astype(float) - low) / (high - low)
        assert np.allclose((crops[0, index]["image"][0] + 1) / 2, expected, atol=1e-6)


def test_all_that_a_mask_must_not_have_is_found_over_all_windows(tmp_path):
    save(tmp_path / "images" / "a.tif", IMAGE)
    three = np.zeros((600, 70), np.uint8)
    three[:10], three[-10:] = 255, 7  # never in one strip
    save(tmp_path / "masks" / "a.tif", three)
    source = ImageFolder(str(tmp_path), masks="masks", boundary_value=255)
    source.whole_bytes = 0
    with pytest.raises(ValueError, match=r"masks/a.tif: a mask has two values, .*; this file has 0, 7, 255"):
        len(source)


def refused(root, **options) -> str:
    source = ImageFolder(str(root), **options)
    source.whole_bytes = 0
    with pytest.raises(ValueError, match="problem") as refusal:
        len(source)
    return str(refusal.value)


def test_unfit_large_images_are_refused_by_name(tmp_path):
    save(tmp_path / "images" / "a.tif", IMAGE)
    save(tmp_path / "labels" / "a.tif", CELLS[:, :60])
    assert "60x600 pixels, but its image" in refused(tmp_path, labels="labels")
    large = CELLS.astype(np.uint32)
    large[5, 5] = 2**31
    save(tmp_path / "labels" / "a.tif", large)
    assert "labels of an image this large are at most 2147483647: renumber them" in refused(tmp_path, labels="labels")
    save(tmp_path / "labels" / "a.tif", np.full((600, 70), 9, np.uint8))
    assert "all pixels are void" in refused(tmp_path, labels="labels", void=9)
    infinite = IMAGE.astype(np.float32)
    infinite[500, 3] = np.inf
    save(tmp_path / "images" / "a.tif", infinite)
    save(tmp_path / "labels" / "a.tif", CELLS)
    assert "NaN or infinite samples" in refused(tmp_path, labels="labels")


def test_a_damaged_tile_is_an_error_of_its_file(tmp_path):
    save(tmp_path / "images" / "a.tif", IMAGE, compression="zlib", tile=(64, 64))
    save(tmp_path / "masks" / "a.tif", MASK, compression="zlib", tile=(64, 64))
    with tifffile.TiffFile(tmp_path / "masks" / "a.tif") as file:
        offset = file.pages[0].dataoffsets[3]
    content = bytearray((tmp_path / "masks" / "a.tif").read_bytes())
    content[offset : offset + 20] = b"\0" * 20
    (tmp_path / "masks" / "a.tif").write_bytes(content)
    assert "masks/a.tif: the image is damaged" in refused(tmp_path, masks="masks", boundary_value=255)


@pytest.mark.parametrize("options", [{"planarconfig": "separate"}, {"compression": "jpeg"}])
def test_what_cannot_be_read_in_windows_is_decoded_whole(tmp_path, options):
    color = RNG.integers(0, 255, (3, 64, 64) if "planarconfig" in options else (64, 64, 3), dtype=np.uint8)
    (tmp_path / "images").mkdir()
    tifffile.imwrite(tmp_path / "images" / "a.tif", color, photometric="rgb", **options)
    save(tmp_path / "masks" / "a.tif", np.zeros((64, 64), np.uint8))
    source = ImageFolder(str(tmp_path), masks="masks", boundary_value=255)
    source.whole_bytes = 0
    assert isinstance(source[0], CachedSample)


def test_a_cache_too_small_for_two_images_decodes_them_again(tmp_path, monkeypatch):
    for name in "ab":
        save(tmp_path / "images" / f"{name}.tif", IMAGE)
        save(tmp_path / "masks" / f"{name}.tif", MASK)
    source = ImageFolder(str(tmp_path), masks="masks", boundary_value=255)
    source.cache_bytes = IMAGE.nbytes + MASK.nbytes + 100
    first, second = source
    (tmp_path / "images" / "a.tif").unlink()
    assert np.array_equal(second.image, IMAGE)
    assert first.shape == IMAGE.shape
    with pytest.raises(FileNotFoundError):
        first.image  # noqa: B018


def test_samples_reach_other_processes_without_their_pixels(tmp_path):
    save(tmp_path / "images" / "a.tif", IMAGE)
    save(tmp_path / "masks" / "a.tif", MASK)
    for samples in both(lambda: ImageFolder(str(tmp_path), masks="masks", boundary_value=255)):
        sent = pickle.dumps(samples[0])
        assert len(sent) < 20_000
        assert np.array_equal(pickle.loads(sent).image, IMAGE)


def test_a_hash_depends_on_every_window(tmp_path):
    hashes = set()
    for row in (0, 599):
        image = IMAGE.copy()
        image[row] = 5
        save(tmp_path / "images" / "a.tif", image)
        save(tmp_path / "masks" / "a.tif", MASK)
        _, windowed = both(lambda: ImageFolder(str(tmp_path), masks="masks", boundary_value=255))
        hashes.add(hash_samples({"train": windowed}))
    assert len(hashes) == 2
