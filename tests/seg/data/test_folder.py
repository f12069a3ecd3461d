import re

import numpy as np
import pytest
import tifffile
from PIL import Image

from seg.data.folder import ImageFolder
from seg.data.manifest import Manifest
from seg.data.volumes import read_images


def save(path, array) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("b", "a", "c"):
        save(tmp_path / "images" / f"{name}.png", rng.integers(0, 255, (8, 10), dtype=np.uint8))
        save(tmp_path / "masks" / f"{name}.png", np.where(rng.random((8, 10)) < 0.2, 0, 255).astype(np.uint8))
    return tmp_path


def source(folder, **options) -> ImageFolder:
    return ImageFolder(str(folder), **({"masks": "masks", "boundary_value": 0} | options))


def test_images_and_masks_are_paired_by_name_and_sorted(folder):
    samples = source(folder)
    assert [sample.name for sample in samples] == ["a", "b", "c"]
    assert len(samples) == 3
    written = np.array(Image.open(folder / "masks" / "b.png"))
    assert np.array_equal(samples[1].mask, written == 0)
    assert len(samples[:2]) == 2
    assert samples[0].labels is None


def test_polarity_is_what_the_config_says(folder):
    black, white = source(folder), source(folder, boundary_value=255)
    assert np.array_equal(black[0].mask, ~white[0].mask)


def test_boundaries_come_from_labels_which_are_kept(folder):
    labels = np.zeros((8, 10), dtype=np.uint16)
    labels[:, :5], labels[:, 5:] = 1, 700
    for name in "abc":
        save(folder / "labels" / f"{name}.png", labels)
    sample = ImageFolder(str(folder), labels="labels", thickness_px=1)[0]
    assert sample.mask[:, 4:6].all()
    assert sample.mask.sum() == 16
    assert (sample.labels.dtype, np.array_equal(sample.labels, labels)) == (np.int32, True)


def test_every_offender_is_listed_at_once(folder):
    (folder / "masks" / "a.png").unlink()
    (folder / "images" / "broken.png").write_bytes(b"nothing")
    save(folder / "masks" / "broken.png", np.zeros((8, 10), np.uint8))
    save(folder / "masks" / "alone.png", np.zeros((8, 10), np.uint8))
    save(folder / "masks" / "b.png", np.zeros((9, 10), np.uint8))
    save(folder / "masks" / "c.png", np.arange(80, dtype=np.uint8).reshape(8, 10))
    with pytest.raises(ValueError, match=r"5 problem\(s\)") as refusal:
        len(source(folder))
    text = str(refusal.value)
    assert "images/a.png: no mask in" in text
    assert "masks/alone.png: no image in" in text
    assert "images/broken.png: the file is not a PNG" in text
    assert "b.png: 10x9 pixels, but its image" in text
    assert "c.png: a mask has two values, one of them 0; this file has 0, 1, 2" in text


def test_files_of_other_names_come_with_the_table_that_pairs_them(folder):
    for kind, names in (("images", "abc"), ("masks", "xyz")):
        for path in list((folder / kind).iterdir()):
            path.unlink()
        for name in names:
            save(folder / kind / f"{name}.png", np.eye(8, dtype=np.uint8) * 255)
    with pytest.raises(ValueError, match=r"to pair files of other names") as refusal:
        len(source(folder))
    told = re.findall('"(.*?)"', str(refusal.value))
    assert told == ["image,mask", "images/a.png,masks/x.png"]
    (folder / "pairs.csv").write_text("\n".join([*told, "images/b.png,masks/y.png"]))
    assert f"path: {folder / 'pairs.csv'}" in str(refusal.value)
    assert [sample.name for sample in Manifest(str(folder / "pairs.csv"), boundary_value=255)] == ["a", "b"]


def test_what_lacks_its_counterpart_comes_with_what_to_do(folder):
    (folder / "masks" / "a.png").rename(folder / "a.png")
    with pytest.raises(ValueError, match=r"images/a.png: no mask in .*masks: add one, or move this file away"):
        len(source(folder))
    (folder / "images" / "a.png").unlink()
    (folder / "a.png").rename(folder / "masks" / "a.png")
    with pytest.raises(ValueError, match=r"masks/a.png: no image in .*images: add one, or move this file away"):
        len(source(folder))


def test_an_image_of_another_type_is_named(folder):
    save(folder / "images" / "c.png", np.zeros((8, 10), np.uint16))
    with pytest.raises(ValueError, match=r"c\.png: uint16 with 1 channel\(s\), most images are uint8"):
        len(source(folder))


def test_only_the_wanted_channels_are_used(folder):
    save(folder / "images" / "d.png", np.zeros((8, 10, 3), np.uint8))
    save(folder / "masks" / "d.png", np.zeros((8, 10), np.uint8))
    assert [sample.name for sample in source(folder, only_channels=3)] == ["d"]
    assert len(source(folder, only_channels=1)) == 3
    with pytest.raises(ValueError, match=r"d\.png: uint8 with 3 channel"):
        len(source(folder))


def test_empty_and_full_masks_are_allowed(folder):
    save(folder / "masks" / "a.png", np.zeros((8, 10), np.uint8))
    save(folder / "masks" / "b.png", np.full((8, 10), 255, np.uint8))
    assert source(folder)[0].mask.all()
    assert not source(folder)[1].mask.any()


def test_jpeg_masks_colors_and_doubled_names_are_refused(folder):
    colors = np.zeros((8, 10, 3), np.uint8)
    colors[0, 0], colors[1, 1] = (255, 0, 0), (0, 255, 0)
    (folder / "masks" / "a.png").unlink()
    save(folder / "masks" / "a.jpg", np.zeros((8, 10), np.uint8))
    save(folder / "masks" / "b.png", colors)
    save(folder / "images" / "c.tif", np.zeros((8, 10), np.uint8))
    with pytest.raises(ValueError, match="problem") as refusal:
        len(source(folder))
    assert "a.jpg: JPEG changes the values of a mask: add threshold: 128 to the source" in str(refusal.value)
    assert "b.png: a mask has two values, one of them 0; this file has [0, 0, 0], [0, 255, 0], [255, 0, 0]" in str(
        refusal.value
    )
    assert "c.tif: the same name as" in str(refusal.value)


def test_labels_that_are_not_whole_are_named(folder):
    for name in "abc":
        save(folder / "labels" / f"{name}.tif", np.full((8, 10), 0.5, np.float32))
    with pytest.raises(ValueError, match=r"a\.tif: labels must be whole numbers, got float32 up to 0\.5"):
        len(ImageFolder(str(folder), labels="labels"))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"masks": None}, "give either masks or labels"),
        ({"labels": "masks"}, "give either masks or labels"),
        ({"boundary_value": None}, "masks need boundary_value"),
        ({"boundary_value": [255, 0, 0], "threshold": 128}, "threshold needs a boundary_value that is one number"),
        ({"masks": None, "labels": "masks", "thickness_px": 0}, "thickness_px must be >= 1, got 0"),
    ],
)
def test_ambiguous_arguments_are_refused(folder, options, rule):
    with pytest.raises(ValueError, match=rule):
        source(folder, **options)


def test_a_missing_or_empty_folder_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder: .*nowhere"):
        source(folder, images="nowhere")
    for name in ("no_images", "no_masks"):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="no image in .*no_images"):
        len(source(folder, images="no_images", masks="no_masks"))


def test_images_to_predict_are_a_file_or_a_folder(folder):
    assert [sample.name for sample in read_images(folder / "images")] == ["a", "b", "c"]
    (single,) = read_images(folder / "images" / "b.png")
    assert (single.name, single.mask.any()) == ("b", False)
    (folder / "empty").mkdir()
    for missing in ("nowhere", "empty"):
        with pytest.raises(FileNotFoundError):
            read_images(folder / missing)


def test_images_to_predict_with_one_name_are_refused(folder):
    save(folder / "images" / "a.tif", np.zeros((8, 10), np.uint8))
    with pytest.raises(ValueError, match="'a': 2 images have this name"):
        read_images(folder / "images")


def test_images_and_masks_of_one_folder_are_told_apart_by_patterns(folder):
    for name in "abc":
        save(folder / "raw" / f"{name}.tif", np.zeros((8, 10), np.uint8))
        save(folder / "raw" / f"{name}_mask.tif", np.zeros((8, 10), np.uint8))
    by_pattern = source(folder, images="raw/*.tif", masks="raw/*_mask.tif")
    assert [sample.name for sample in by_pattern] == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"images and masks are the same files: tell them apart by patterns"):
        len(source(folder, images="raw", masks="raw"))


def test_names_that_differ_in_what_is_around_the_number_come_with_the_lines_that_pair_them(folder):
    for number in ("001", "002", "010"):
        save(folder / "x" / f"image_{number}.png", np.zeros((8, 10), np.uint8))
        save(folder / "y" / f"mask_{number}_gt.png", np.zeros((8, 10), np.uint8))
    with pytest.raises(ValueError, match='set images: "x/image_[*]" and masks: "y/mask_[*]_gt"'):
        len(source(folder, images="x", masks="y"))
    with pytest.raises(ValueError, match=r"(?s)7 problem\(s\).*pairs\.csv"):  # no pattern for folders of folders
        len(source(folder, images="*/image_*", masks="*/mask_*"))
    paired = source(folder, images="x/image_*", masks="y/mask_*_gt")
    assert [sample.name for sample in paired] == ["001", "002", "010"]


def test_a_pattern_without_files_says_what_is_there(folder):
    with pytest.raises(ValueError, match=r"no file matches images/\*_img\.tif in .*: it has images/a\.png"):
        len(source(folder, images="images/*_img.tif"))


def test_a_stack_says_which_source_reads_it(folder):
    pages = [Image.fromarray(np.zeros((8, 10), np.uint8))] * 3
    (folder / "images" / "c.png").unlink()
    pages[0].save(folder / "images" / "c.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ValueError, match=r"c\.tif: the file has 3 pages: .* seg\.data\.stacks\.ImageStacks"):
        len(source(folder))


def test_every_page_of_a_stack_is_predicted_by_itself(folder):
    pages = np.random.default_rng(0).integers(0, 255, (3, 8, 10), dtype=np.uint8)
    (folder / "new").mkdir()
    tifffile.imwrite(folder / "new" / "v.tif", pages, photometric="minisblack", resolution=(2e4, 2e4), resolutionunit=3)
    save(folder / "new" / "w.png", pages[0])
    images = read_images(folder / "new")
    assert [image.name for image in images] == ["v-0000", "v-0001", "v-0002", "w"]
    assert np.array_equal(images[2].image, pages[2])
    assert images[2].pixel == pytest.approx((0.5, 0.5))


def test_images_to_predict_are_named_without_ome(folder):
    save(folder / "new" / "a.ome.tif", np.zeros((8, 10), np.uint8))
    assert [sample.name for sample in read_images(folder / "new")] == ["a"]


def test_smoothed_and_jpeg_masks_are_read_with_a_threshold(folder):
    (folder / "masks" / "a.png").unlink()
    save(folder / "masks" / "a.jpg", np.repeat(np.uint8([[0, 255]]), 8, axis=0).repeat(5, axis=1))
    save(folder / "masks" / "b.png", np.tile(np.arange(0, 250, 25, dtype=np.uint8), (8, 1)))
    dark, bright = source(folder, threshold=128), source(folder, threshold=128, boundary_value=255)
    assert dark[0].mask.sum() == bright[0].mask.sum() == 40
    assert bright[1].mask[0].tolist() == [False] * 6 + [True] * 4  # 150, 175, 200, 225
    assert np.array_equal(dark[1].mask, ~bright[1].mask)


def test_the_boundary_is_written_as_its_masks_show_it(folder):
    assert source(folder).boundary_value == 0
    assert source(folder, boundary_value=1).boundary_value == 255
    assert source(folder, boundary_value=[255, 0, 0]).boundary_value == 255
    assert ImageFolder(str(folder), labels="masks").boundary_value is None
