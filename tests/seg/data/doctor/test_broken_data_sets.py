"""Folders of images with a planted mistake: each is named with its evidence and what helps."""

import io
import re
import shutil

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import binary_dilation, zoom

from seg.data.doctor.examination import examine
from seg.data.folder import ImageFolder
from seg.data.module import BoundaryDataModule
from seg.data.split import BlockSplit
from seg.data.synthetic import SyntheticCells

GOOD = list(SyntheticCells(count=8, size_px=128, cell_diameter_px=30.0))
FIRST, LAST = GOOD[0].image, GOOD[7].image
RNG = np.random.default_rng(0)


def save(folder, kind: str, index: int, array) -> None:
    """Write a picture in place of image or truth `index`; a TIFF where PNG has no such samples."""
    path = folder / kind / f"s{index}.png"
    path.unlink(missing_ok=True)
    if array.dtype in (np.uint8, np.bool_):
        Image.fromarray(array).save(path)
    else:
        tifffile.imwrite(path.with_suffix(".tif"), array, photometric="minisblack")


def drawn(mask: np.ndarray) -> np.ndarray:
    return np.where(mask, 255, 0).astype(np.uint8)


def large_cells(labels: np.ndarray) -> np.ndarray:
    """Leave out the slivers of cells at the edges of a picture, which are boundary alone."""
    return np.where(np.bincount(labels.ravel())[labels] > 40, labels, 0).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    for kind in ("images", "masks", "labels"):
        (tmp_path / kind).mkdir()
    for index, sample in enumerate(GOOD):
        save(tmp_path, "images", index, sample.image)
        save(tmp_path, "masks", index, drawn(sample.mask))
        save(tmp_path, "labels", index, large_cells(sample.labels))
    return tmp_path


SPLIT = BlockSplit(val=2, test=2)


def findings_of(folder, split=SPLIT, channels=1, **source):
    truth = {"masks": "masks", "boundary_value": 255} if "labels" not in source else {}
    data = BoundaryDataModule(ImageFolder(str(folder), **truth | source), split, channels=channels)
    return examine(data).findings


def image(index: int, make):
    return lambda folder: save(folder, "images", index, make(GOOD[index].image))


def mask(index: int, make):
    return lambda folder: save(folder, "masks", index, drawn(make(GOOD[index].mask)))


def all_masks(make):
    def plant(folder):
        for index, sample in enumerate(GOOD):
            save(folder, "masks", index, make(sample.mask))

    return plant


def moved(down: int, right: int):
    return mask(2, lambda boundary: np.roll(boundary, (-down, -right), (0, 1)))


def jpeg(picture: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=25)
    return np.array(Image.open(stream))


def clipped(picture: np.ndarray) -> np.ndarray:
    return picture.clip(0, 255).astype(np.uint8)


def another_size(make):
    """The last image is a crop of the first, with a mask of its size."""

    def plant(folder):
        picture = make(FIRST)
        save(folder, "images", 7, picture)
        save(folder, "masks", 7, drawn(make(GOOD[0].mask)))

    return plant


def other_magnification(folder):
    (small,) = SyntheticCells(count=1, size_px=128, cell_diameter_px=11.0, seed=5)
    save(folder, "images", 0, small.image)
    save(folder, "masks", 0, drawn(small.mask))


def truncated(kind: str):
    def plant(folder):
        path = folder / kind / "s3.png"
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return plant


def renamed(folder):
    for index in range(8):
        (folder / "masks" / f"s{index}.png").rename(folder / "masks" / f"s{index}_mask.png")


def missing(kind: str):
    return lambda folder: (folder / kind / "s3.png").unlink()


def two_suffixes(folder):
    Image.fromarray(FIRST).save(folder / "images" / "s0.tif")


def two_names(folder):
    for kind in ("images", "masks"):
        shutil.copyfile(folder / kind / "s1.png", folder / kind / "s2.png")


def nan(folder):
    for index, sample in enumerate(GOOD):
        picture = sample.image.astype(np.float32)
        picture[3, 3] = np.nan if index == 4 else 0
        save(folder, "images", index, picture)


def brighter(folder):
    for index, sample in enumerate(GOOD):
        save(folder, "images", index, sample.image.astype(np.uint16) * (80 if index == 2 else 1))


def thin(folder):
    for index, sample in enumerate(GOOD):
        save(folder, "masks", index, drawn(sample.mask if index == 6 else binary_dilation(sample.mask, iterations=2)))


def near(make):
    return image(7, lambda _: make(FIRST))


NEAR = r"s0 \(train\) and s7 \(test\): (0\.[7-9]|1\.0)"
MASKS = {
    "all masks inverted": (all_masks(lambda m: drawn(~m)), "polarity", "set boundary_value: to the other"),
    "one mask inverted": (mask(3, lambda m: ~m), "polarity", r"are these masks inverted\? s3"),
    "one mask full": (mask(3, np.ones_like), "polarity", r"inverted\? s3 \(100%\)"),
    "all masks empty": (all_masks(lambda m: drawn(m & False)), "empty masks", "is boundary_value: or threshold: the"),
    "one mask empty": (mask(3, np.zeros_like), "empty masks", r"nothing annotated there\? s3$"),
    "hardly any boundary": (mask(3, lambda m: m & (np.arange(128) == 64) & (np.arange(128)[:, None] < 60)), None, "s3"),
    "all masks of another value": (
        all_masks(lambda m: drawn(m) // 255),
        "files",
        "set boundary_value: 1 or 0",
    ),
    "masks of other values": (
        all_masks(lambda m: drawn(m) // 2 + 7),
        "files",
        r"s0\.png: .* this file has 7, 134: set boundary_value: 134 or 7",
    ),
    "smoothed masks": (
        all_masks(lambda m: clipped(zoom(zoom(drawn(m).astype(float), 0.5, order=1), 2, order=1))),
        "files",
        r"add threshold: 1\d\d to the source",
    ),
    "labels given as masks": (
        lambda folder: shutil.copytree(folder / "labels", folder / "masks", dirs_exist_ok=True),
        "files",
        "labels: instead of masks: if each value is a cell",
    ),
    "a mask moved by 5 px": (moved(5, 0), "alignment", r"s2 \(moved [456] px down and -?[01] px right"),
    "a mask moved by 9 and 6 px": (moved(9, 6), "alignment", r"s2 \(moved (8|9|10) px down and [567] px right"),
    "a mask moved by 12 px": (moved(0, -12), "alignment", r"s2 \(moved -?[01] px down and -1[123] px right"),
    "a mask moved by 20 px": (moved(20, -15), "alignment", r"s2 \(moved (19|20|21) px down and -1[456] px right"),
    "a mask flipped": (mask(2, np.flipud), "orientation", r"when flipped or turned: s2 \(flipped upside down: 0\.\d\d"),
    "a mask mirrored": (mask(4, np.fliplr), "orientation", r"s4 \(flipped left to right: "),
    "a mask turned": (mask(5, np.rot90), "orientation", r"s5 \(turned by 270 degrees: "),
    "all masks transposed": (all_masks(lambda m: drawn(m.T)), "orientation", r"s0 \(transposed: .* \(8 in all\)"),
    "a mask of another image": (
        lambda folder: shutil.copyfile(folder / "masks" / "s1.png", folder / "masks" / "s2.png"),
        "same mask",
        "s1 and s2",
    ),
    "thick boundaries": (mask(6, lambda m: binary_dilation(m, iterations=3)), "thickness", "not so in s6"),
    "thin boundaries": (thin, "thickness", "not so in s6"),
    "an image missing": (missing("images"), "files", r"masks/s3\.png: no image in .*images"),
    "a mask missing": (missing("masks"), "files", r"images/s3\.png: no mask in .*masks"),
    "names that do not pair": (renamed, "files", r'set images: "images/s\*" and masks: "masks/s\*_mask"'),
    "one name twice": (two_suffixes, "files", r"s0\.tif: the same name as .*s0\.png"),
    "an image truncated": (truncated("images"), "files", r"images/s3\.png: the image is damaged or incomplete"),
    "a mask truncated": (truncated("masks"), "files", r"masks/s3\.png: the image is damaged or incomplete"),
    "a text instead of an image": (
        lambda folder: (folder / "images" / "s3.png").write_text("see the other disk"),
        "files",
        r"s3\.png: the file is not a PNG, JPEG or TIFF",
    ),
    "NaN": (nan, "files", r"s4\.tif: the image has NaN or infinite samples: replace them"),
    "a mask of another size": (
        mask(3, lambda m: m[:100]),
        "files",
        r"masks/s3\.png: 128x100 pixels, but its image .* has 128x128: save both at the same size",
    ),
    "one image of 16 bits": (
        image(3, lambda picture: picture.astype(np.uint16)),
        "files",
        r"s3\.tif: uint16 with 1 channel\(s\), most images are uint8 with 1 channel\(s\): convert it",
    ),
    "one image in color": (
        image(3, lambda picture: np.stack([picture, picture // 2, picture], axis=2)),
        "files",
        "choose by only_channels: in the source",
    ),
    "a stack among images": (
        image(3, lambda picture: np.stack([picture, picture]).astype(np.uint16)),
        "files",
        r"the file has 2 pages: if they are sections, .* seg\.data\.stacks\.ImageStacks, or .*; if they are channels, "
        r"set channels: in the data, e\.g\. \[0, 1\]",
    ),
    "an image of another size": (another_size(lambda picture: picture[:100, :90]), "size", r"128x128 .* s7 \(90x100\)"),
    "an image of another magnification": (other_magnification, "scale", r"magnification of these the same\? s0"),
    "an image much brighter": (brighter, "brightness", r"s2 \(mean "),
    "a saturated image": (image(3, lambda p: clipped(p.astype(int) * 4)), "saturation", r"s3 \(\d+%\)"),
    "a constant image": (image(3, lambda p: np.full_like(p, 90)), "contrast", "one value: s3"),
    "a file under two names": (two_names, "duplicates", "s1 and s2"),
    "a picture flipped": (image(1, lambda _: FIRST[:, ::-1]), "duplicates", "s0 and s1"),
    "a picture turned": (image(1, lambda _: np.rot90(FIRST)), "duplicates", "s0 and s1"),
    "a copy in two splits": (image(7, lambda _: FIRST), "leakage", r"remove one or group them: s0 \(train\) and s7"),
    "a flipped copy in two splits": (image(6, lambda _: FIRST[::-1]), "leakage", r"s0 \(train\) and s6 \(test\)"),
    "a crop in two splits": (another_size(lambda picture: picture[15:110, 20:120]), "near-duplicates", NEAR),
    "a darker copy in two splits": (near(lambda p: (p * 0.6 + 10).astype(np.uint8)), "near-duplicates", NEAR),
    "a noisy copy in two splits": (near(lambda p: clipped(p + RNG.normal(0, 20, p.shape))), "near-duplicates", NEAR),
    "a JPEG in two splits": (near(jpeg), "near-duplicates", NEAR),
    "a moved copy in two splits": (near(lambda p: np.roll(p, (4, -7), (0, 1))), "near-duplicates", NEAR),
}


@pytest.mark.parametrize("mistake", MASKS)
def test_a_mistake_in_the_folders_is_named(mistake, folder):
    plant, check, evidence = MASKS[mistake]
    plant(folder)
    found = [finding for finding in findings_of(folder) if check in (None, finding.check)]
    assert any(re.search(evidence, finding.text) for finding in found), findings_of(folder)


LABELS = {
    "masks of boundaries given as labels": (
        lambda folder: shutil.copytree(folder / "masks", folder / "labels", dirs_exist_ok=True),
        "labels",
        r"value 255 in \d+ places\).*give it as masks: with boundary_value:, not as labels:",
    ),
    "one mask among the labels": (
        lambda folder: save(folder, "labels", 2, drawn(GOOD[2].labels > 0) // 255 * drawn(~GOOD[2].mask)),
        "labels",
        r"several places of an image: s2 \(value \d+ in",
    ),
    "empty labels": (lambda folder: save(folder, "labels", 2, np.zeros((128, 128), np.uint8)), "empty masks", "s2"),
    "labels as JPEG": (
        lambda folder: Image.fromarray(np.array(Image.open(folder / "labels" / "s2.png"))).save(
            (folder / "labels" / "s2.png").with_suffix(".png"), "JPEG"
        ),
        "files",
        r"labels/s2\.png: JPEG changes the values of labels",
    ),
    "labels that are no whole numbers": (
        lambda folder: save(folder, "labels", 2, GOOD[2].labels / np.float32(2)),
        "files",
        r"labels/s2\.tif: labels must be whole numbers",
    ),
}


@pytest.mark.parametrize("mistake", LABELS)
def test_a_mistake_in_the_labels_is_named(mistake, folder):
    plant, check, evidence = LABELS[mistake]
    plant(folder)
    found = findings_of(folder, labels="labels")
    assert any(finding.check == check and re.search(evidence, finding.text) for finding in found), found


def test_cells_too_small_for_the_boundary_are_counted(folder):
    (finding,) = [each for each in findings_of(folder, labels="labels", thickness_px=8) if each.check == "small cells"]
    assert re.search(r"\d+ of \d+ cells are boundary alone at thickness_px: 8.*a smaller thickness_px", finding.text)


def test_good_folders_have_no_findings(folder):
    assert findings_of(folder) == findings_of(folder, labels="labels") == []


def test_channels_that_the_images_lack_are_an_error(folder):
    found = findings_of(folder, channels=[0, 1])
    assert {finding.check for finding in found} == {"files"}
    assert all("the image has 1 channel, needed are 2" in finding.text for finding in found)


def test_all_offenders_are_listed_at_once(folder):
    for plant in (truncated("images"), mask(5, lambda m: m[:100]), nan, missing("masks")):
        plant(folder)
    (folder / "images" / "s6.tif").unlink()
    errors = [finding.text for finding in findings_of(folder) if finding.level == "error"]
    assert [re.search(r"(s\d)\.\w+: ", text)[1] for text in errors] == ["s3", "s4", "s5", "s6"]


def test_a_split_that_is_too_large_is_an_error(folder):
    (finding,) = findings_of(folder, BlockSplit(val=4, test=4))
    assert (finding.level, finding.check) == ("error", "split")
    assert "needs at least 9 images" in finding.text


def test_more_than_thirty_mistakes_are_tried():
    assert len(MASKS) + len(LABELS) > 45
