"""Planted mistakes: each is named, and good data is left alone."""

import dataclasses
import io
import re

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import binary_dilation

from seg.data.doctor import middle
from seg.data.doctor.examination import examine
from seg.data.doctor.finding import Finding
from seg.data.files import FileSource
from seg.data.folder import ImageFolder
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.split import BlockSplit, GroupSplit
from seg.data.synthetic import SyntheticCells
from seg.data.windowed_sample import WindowedSample

GOOD = list(SyntheticCells(count=8, size_px=128, cell_diameter_px=30.0))
SPLIT = BlockSplit(val=2, test=2)


def findings(samples, split=SPLIT, **options) -> list[Finding]:
    return examine(BoundaryDataModule(samples, split, **options)).findings


def changed(index: int, **fields) -> list[Sample]:
    return [dataclasses.replace(sample, **fields) if at == index else sample for at, sample in enumerate(GOOD)]


def all_changed(**change) -> list[Sample]:
    return [dataclasses.replace(sample, **{field: make(sample) for field, make in change.items()}) for sample in GOOD]


def image_7(image: np.ndarray) -> list[Sample]:
    """The last image, of the test, is a picture of the first, of the training, in another way."""
    height, width = image.shape
    return changed(7, image=image, mask=np.resize(GOOD[7].mask, (height, width)), labels=None, thickness_px=None)


def jpeg(image: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=20)
    return np.array(Image.open(stream))


def volume() -> list[Sample]:
    """Sections that change slowly: each shares most of its structure with the one before."""
    rng = np.random.default_rng(0)
    blobs = [GOOD[index].image.astype(float) for index in range(3)]
    parts = [blobs[0] * (1 - t) + blobs[1] * t for t in np.linspace(0, 1, 6)]
    parts += [blobs[1] * (1 - t) + blobs[2] * t for t in np.linspace(0.2, 1, 5)]
    images = [np.clip(part + rng.normal(0, 25, part.shape), 0, 255).astype(np.uint8) for part in parts]
    return [Sample(f"z{index:02d}", image, GOOD[0].mask) for index, image in enumerate(images)]


def test_good_data_has_no_findings():
    assert findings(GOOD) == []


FIRST = GOOD[0].image
EMPTY = np.zeros_like(GOOD[0].mask)
DOT = EMPTY.copy()
DOT[64, 60:70] = True
LEFT, BOTTOM = EMPTY.copy(), EMPTY.copy()
LEFT[:, :5], BOTTOM[-3:] = True, True

PLANTED = {
    "all masks inverted": (
        all_changed(mask=lambda sample: ~sample.mask),
        "polarity",
        "boundary_value: to the other",
    ),
    "one mask inverted": (changed(2, mask=~GOOD[2].mask), "polarity", r"are these masks inverted\? synthetic-0002"),
    "all masks empty": (all_changed(mask=lambda _: EMPTY), "empty masks", "no mask has any boundary"),
    "one mask empty": (changed(3, mask=EMPTY), "empty masks", r"nothing annotated there\? synthetic-0003"),
    "hardly any boundary": (changed(4, mask=DOT), "boundary share", r"synthetic-0004 \(0\.06%\)"),
    "a mask drawn with a thick pen": (
        [
            Sample(sample.name, sample.image, binary_dilation(sample.mask, iterations=2) if index == 6 else sample.mask)
            for index, sample in enumerate(GOOD)
        ],
        "thickness",
        r"usually \d\.\d px thick, not so in synthetic-0006 \(\d\.\d px\)",
    ),
    "a mask as labels": (
        all_changed(labels=lambda sample: np.where(sample.mask, 0, 255).astype(np.int32)),
        "labels",
        r"value 255 in \d+ places.*give it as masks: with boundary_value:",
    ),
    "a mask moved": (
        changed(1, mask=np.roll(GOOD[1].mask, (-9, 6), (0, 1))),
        "alignment",
        r"synthetic-0001 \(moved (8|9|10) px down and -(5|6|7) px right",
    ),
    "a constant image": (changed(5, image=np.full_like(FIRST, 90)), "contrast", "one value: synthetic-0005"),
    "a saturated image": (
        changed(5, image=np.clip(GOOD[5].image.astype(int) * 4, 0, 255).astype(np.uint8)),
        "saturation",
        r"synthetic-0005 \(\d+%\)",
    ),
    "an image on another scale of intensities": (
        [
            dataclasses.replace(sample, image=sample.image.astype(np.uint16) * (60 if index == 2 else 1))
            for index, sample in enumerate(GOOD)
        ],
        "brightness",
        r"synthetic-0002 \(mean ",
    ),
    "an image of another size": (image_7(GOOD[7].image[:100, :90]), "size", r"128x128 .* synthetic-0007 \(90x100\)"),
    "a duplicate": (changed(1, image=FIRST), "duplicates", "synthetic-0000 and synthetic-0001"),
    "a duplicate turned": (changed(1, image=np.rot90(FIRST).copy()), "duplicates", "synthetic-0000 and synthetic-0001"),
    "a copy in two splits": (changed(7, image=FIRST[::-1].copy()), "leakage", "same picture is in two splits"),
    "a crop of an image in two splits": (
        image_7(FIRST[20:110, 15:120]),
        "near-duplicates",
        r"\(train\) and .*-0007",
    ),
    "a brighter copy in two splits": (
        changed(7, image=(FIRST * 0.7 + 30).astype(np.uint8)),
        "near-duplicates",
        r"synthetic-0000 \(train\) and synthetic-0007 \(test\): 1\.00",
    ),
    "a noisy copy in two splits": (
        changed(7, image=np.clip(FIRST + np.random.default_rng(0).normal(0, 20, FIRST.shape), 0, 255).astype(np.uint8)),
        "near-duplicates",
        "synthetic-0000",
    ),
    "a JPEG of an image in two splits": (changed(7, image=jpeg(FIRST)), "near-duplicates", "synthetic-0000"),
    "an image moved by some pixels in two splits": (
        changed(7, image=np.roll(FIRST, (4, -7), (0, 1))),
        "near-duplicates",
        "synthetic-0000",
    ),
    "one name for two images": (changed(1, name="synthetic-0000"), "names", "2 images have this name"),
    "a split too large": (GOOD[:3], "split", "needs at least 5 images"),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_named_with_its_evidence(mistake):
    samples, check, evidence = PLANTED[mistake]
    texts = [finding.text for finding in findings(samples) if finding.check == check]
    assert len(texts) == 1, findings(samples)
    assert re.search(evidence, texts[0]), texts


def test_labels_that_the_targets_need_and_the_source_lacks_are_an_error():
    without = all_changed(labels=lambda _: None)
    (finding,) = findings(without, targets=["boundary", "inside"])
    assert (finding.level, finding.check) == ("error", "targets")


def test_neighboring_sections_in_two_splits_are_named_unless_there_is_a_gap():
    (finding,) = [found for found in findings(volume()) if found.check == "neighboring sections"]
    assert "z06 (train) and z07 (val), z08 (val) and z09 (test); use seg.data.split.BlockSplit" in finding.text
    with_gap = findings(volume(), BlockSplit(val=2, test=2, gap=1))
    assert "neighboring sections" not in {found.check for found in with_gap}
    drawn = findings(volume(), GroupSplit(seed=0))
    assert "neighboring sections" in {found.check for found in drawn}


def test_files_that_cannot_be_read_are_errors_beside_the_warnings_on_the_others(tmp_path):
    for kind, pick in (("images", lambda sample: sample.image), ("masks", lambda sample: ~sample.mask)):
        (tmp_path / kind).mkdir()
        for sample in GOOD:
            Image.fromarray(pick(sample)).save(tmp_path / kind / f"{sample.name}.png")
    (tmp_path / "images" / "synthetic-0000.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "masks" / "synthetic-0001.png").unlink()
    source = ImageFolder(str(tmp_path), masks="masks", boundary_value=255)
    examination = examine(BoundaryDataModule(source, SPLIT))
    assert (len(examination.samples), examination.split) == (6, None)
    assert [(finding.level, finding.check) for finding in examination.findings] == [
        ("error", "files"),
        ("error", "files"),
        ("warning", "polarity"),
    ]


class Refusing(SyntheticCells):
    def __getitem__(self, index):
        raise ValueError("these cells are not for you")


def test_a_source_of_ones_own_is_examined_alike():
    (finding,) = findings(Refusing(count=8, size_px=128))
    assert (finding.level, finding.text) == ("error", "these cells are not for you")


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Images that are read window by window, and never whole."""
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for index, sample in enumerate(GOOD):
        tifffile.imwrite(tmp_path / "images" / f"s{index}.tif", sample.image)
        tifffile.imwrite(tmp_path / "masks" / f"s{index}.tif", sample.mask * np.uint8(255))
    monkeypatch.setattr(FileSource, "whole_bytes", 0)
    monkeypatch.setattr(middle, "SIDE_PX", 96)

    def refuse(_):
        raise AssertionError("an image was read whole")

    monkeypatch.setattr(WindowedSample, "whole", refuse)
    monkeypatch.setattr(WindowedSample, "image", property(refuse))
    return tmp_path


def test_large_images_are_examined_in_their_middle(large):
    def examined():
        return findings(ImageFolder(str(large), masks="masks", boundary_value=255))

    (finding,) = examined()
    assert (finding.level, finding.check) == ("warning", "large images")
    assert "in their middle alone: s0 (128x128, of which 96x96), s1" in finding.text
    tifffile.imwrite(large / "masks" / "s3.tif", GOOD[3].mask[::-1] * np.uint8(255))
    tifffile.imwrite(large / "images" / "s7.tif", GOOD[7].image[:, :110])
    tifffile.imwrite(large / "masks" / "s7.tif", GOOD[7].mask[:, :110] * np.uint8(255))
    found = {each.check: each.text for each in examined()}
    assert "s3 (flipped upside down" in found["orientation"]
    assert "most images have 128x128 pixels" in found["size"]
    assert "s7 (110x128)" in found["size"]
