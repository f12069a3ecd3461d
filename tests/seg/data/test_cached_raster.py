"""Strips, tiles and chunks of large images are decoded once while memory lasts."""

import numpy as np
import pytest
import tifffile

from seg.data.folder import ImageFolder
from seg.data.ome_zarr import OmeZarr
from seg.data.tiff_raster import TiffRaster
from seg.data.zarr_image import ZarrSection
from tests.seg.data.zarr_stores import write_image

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 60_000, (200, 140), dtype=np.uint16)
LABELS = np.kron(np.arange(70).reshape(10, 7), np.ones((20, 20))).astype(np.uint16)

WINDOWS = [(slice(row, row + 50), slice(column, column + 40)) for row in (0, 37, 150) for column in (0, 64, 100)]


@pytest.fixture(autouse=True)
def _in_parts(monkeypatch):
    monkeypatch.setattr(ImageFolder, "whole_bytes", 0)
    monkeypatch.setattr(OmeZarr, "whole_bytes", 0)


def tiffs(folder, **options) -> ImageFolder:
    for kind, pixels in (("images", IMAGE), ("labels", LABELS)):
        (folder / kind).mkdir(exist_ok=True)
        tifffile.imwrite(folder / kind / "a.tif", pixels, photometric="minisblack", **options)
    return ImageFolder(str(folder), "images", labels="labels")


def zarrs(folder) -> OmeZarr:
    write_image(folder / "a.zarr", [IMAGE], "yx", chunk=48, labels=("cells",))
    write_image(folder / "a.zarr" / "labels" / "cells", [LABELS], "yx", chunk=48)
    return OmeZarr(str(folder / "a.zarr"), labels="cells")


@pytest.fixture
def decoded(monkeypatch):
    """The blocks that were decoded, in turn."""
    found = []
    for raster, method in ((TiffRaster, "_segment"), (ZarrSection, "read")):
        original = getattr(raster, method)

        def note(self, *args, original=original):
            found.append((id(self), *(str(arg) for arg in args if isinstance(arg, slice))))
            return original(self, *args)

        monkeypatch.setattr(raster, method, note)
    return found


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: tiffs(folder, compression="zlib", tile=(64, 32)),
        lambda folder: tiffs(folder, compression="lzw", rowsperstrip=33),
        zarrs,
    ],
    ids=["tiles", "strips", "chunks"],
)
def test_a_block_is_decoded_once_and_windows_are_those_of_the_image(tmp_path, decoded, make):
    sample = make(tmp_path)[0]
    for _ in range(2):
        for window in WINDOWS:
            part = sample.window(window)
            assert np.array_equal(part.image, IMAGE[window])
            assert np.array_equal(part.labels, LABELS[window])
    assert len(decoded) == len(set(decoded)) > 10


def test_without_a_budget_blocks_are_decoded_again(tmp_path, decoded):
    source = tiffs(tmp_path, compression="zlib", tile=(64, 32))
    source.cache_bytes = 0
    for _ in range(2):
        assert np.array_equal(source[0].window(WINDOWS[4]).image, IMAGE[WINDOWS[4]])
    assert len(decoded) > len(set(decoded))


def test_the_budget_holds(tmp_path):
    source = tiffs(tmp_path, compression="zlib", tile=(64, 32))
    source.cache_bytes = 3 * 64 * 32 * 2
    for window in WINDOWS:
        assert np.array_equal(source[0].window(window).image, IMAGE[window])
    assert 0 < source._cache.used_bytes <= source.cache_bytes


def test_mapped_files_need_no_cache(tmp_path):
    source = tiffs(tmp_path)
    assert np.array_equal(source[0].window(WINDOWS[4]).image, IMAGE[WINDOWS[4]])
    assert source._cache.used_bytes == 0
