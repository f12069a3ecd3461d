"""Validation and test of images that are too large for the network at once."""

import numpy as np
import pytest
import tifffile
import torch

from seg.data import scored_windows
from seg.data.folder import ImageFolder
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, prepare
from seg.data.scored_windows import scored_samples
from seg.data.split import BlockSplit, GroupSplit
from seg.data.synthetic import SyntheticCells
from seg.data.windowed_sample import WindowedSample


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Images of more than 100 x 100 pixels are large, windows have 32 x 32."""
    monkeypatch.setattr(scored_windows, "_WHOLE_PIXELS", 10_000)
    monkeypatch.setattr(scored_windows, "_SIDE_PX", 32)


def bright_at_the_top(shape=(160, 130)) -> Sample:
    rng = np.random.default_rng(0)
    image = (rng.random(shape) * np.linspace(60_000, 5_000, shape[0])[:, None]).astype(np.uint16)
    return Sample("slide", image, rng.random(shape) < 0.1)


def covered(windows, shape) -> np.ndarray:
    counts = np.zeros(shape, int)
    for window in windows:
        counts[window._part] += 1
    return counts


def test_windows_are_spread_over_the_image_and_have_names_of_their_own():
    windows = scored_samples([bright_at_the_top()])
    assert len(windows) == len({window.name for window in windows}) == 16
    assert (windows[0].name, windows[-1].name) == ("slide-y00000-x00000", "slide-y00128-x00098")
    counts = covered(windows, (160, 130))
    assert all(quarter.any() for half in np.array_split(counts, 2) for quarter in np.array_split(half, 2, axis=1))
    assert (counts > 1).mean() < 0.1
    assert all(window.whole().shape == window.shape == (32, 32) for window in windows)


def test_windows_of_an_image_of_another_shape_cover_all_of_it(monkeypatch):
    monkeypatch.setattr(scored_windows, "_COUNT", 1000)
    for shape in ((20, 700), (700, 20), (101, 100), (33, 400)):
        assert covered(scored_samples([bright_at_the_top(shape)]), shape).min() >= 1


def test_small_images_are_taken_whole():
    small = bright_at_the_top((100, 100))
    assert scored_samples([small]) == [small]
    assert small.origin is small


def test_windows_without_annotated_pixels_are_left_out():
    valid = np.zeros((160, 130), bool)
    valid[70:75, 40:100] = True
    slide = bright_at_the_top()
    partly = Sample("slide", slide.image, slide.mask & valid, valid=valid)
    windows = scored_samples([partly])
    assert len(windows) == 4
    assert all(window.partly and window.whole().valid.any() for window in windows)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Cells in a TIFF that is read in parts, never whole."""
    for index, sample in enumerate(SyntheticCells(count=4, size_px=128, cell_diameter_px=24)):
        for kind, pixels in (("images", sample.image * np.uint16(200)), ("labels", sample.labels.astype(np.uint16))):
            (tmp_path / kind).mkdir(exist_ok=True)
            tifffile.imwrite(tmp_path / kind / f"s{index}.tif", pixels, photometric="minisblack")
    monkeypatch.setattr(ImageFolder, "whole_bytes", 0)
    return tmp_path


def test_a_window_is_what_the_whole_image_shows_there(folder, monkeypatch):
    whole = {sample.name: sample.whole() for sample in ImageFolder(str(folder), "images", labels="labels")}
    monkeypatch.setattr(WindowedSample, "whole", None)  # nothing reads one whole any more
    data = BoundaryDataModule(ImageFolder(str(folder), "images", labels="labels"), BlockSplit(val=1, test=2))
    data.setup("fit")
    for loader, count in ((data.val_dataloader(), 16), (data.test_dataloader(), 32)):
        batches = list(loader)
        assert len(batches) == count
        for batch in batches:
            name, top, left = batch["name"][0].split("-")
            here = (slice(int(top[1:]), int(top[1:]) + 32), slice(int(left[1:]), int(left[1:]) + 32))
            image = prepare(whole[name].image, IntensityScaling(), 1)[:, *here]
            assert torch.equal(batch["image"][0], torch.from_numpy(image))
            assert np.array_equal(batch["mask"][0, 0].numpy() == 1, whole[name].mask[here])
            assert np.array_equal(batch["labels"][0].numpy(), whole[name].labels[here])


def test_windows_of_one_image_are_related(folder):
    source = ImageFolder(str(folder), "images", labels="labels")
    data = BoundaryDataModule(source, GroupSplit(0.25, 0.5))
    data.setup("fit")
    described = data.describe()
    assert len(described["val"]) == 16
    assert set(described["groups"]) == set(described["test"])
    assert described["groups"] == {name: name.split("-")[0] for name in described["test"]}
    assert described["windows_of"] == described["groups"]
    assert data.predicted_names() == described["test"]
    assert data.predicted(described["test"][3]).shape == (32, 32)
    source.independent = True
    assert data.describe()["groups"] == described["groups"]


def test_the_fingerprint_is_that_of_the_images(folder, monkeypatch):
    def fingerprint() -> str:
        data = BoundaryDataModule(ImageFolder(str(folder), "images", labels="labels"), BlockSplit(val=1, test=2))
        data.setup("fit")
        return data.describe()["fingerprint"]

    windows = fingerprint()
    monkeypatch.setattr(scored_windows, "_WHOLE_PIXELS", 1 << 20)
    assert fingerprint() == windows
