import numpy as np
import pytest
from PIL import Image

from seg.data.folder import ImageFolder, read_images


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


def test_an_image_of_another_type_is_named(folder):
    save(folder / "images" / "c.png", np.zeros((8, 10), np.uint16))
    with pytest.raises(ValueError, match=r"c: uint16 with 1 channel\(s\), most images are uint8"):
        len(source(folder))


def test_only_the_wanted_channels_are_used(folder):
    save(folder / "images" / "d.png", np.zeros((8, 10, 3), np.uint8))
    save(folder / "masks" / "d.png", np.zeros((8, 10), np.uint8))
    assert [sample.name for sample in source(folder, only_channels=3)] == ["d"]
    assert len(source(folder, only_channels=1)) == 3
    with pytest.raises(ValueError, match="d: uint8 with 3 channel"):
        len(source(folder))


def test_empty_and_full_masks_are_allowed(folder):
    save(folder / "masks" / "a.png", np.zeros((8, 10), np.uint8))
    save(folder / "masks" / "b.png", np.full((8, 10), 255, np.uint8))
    assert source(folder)[0].mask.all()
    assert not source(folder)[1].mask.any()


def test_jpeg_and_color_masks_and_doubled_names_are_refused(folder):
    (folder / "masks" / "a.png").unlink()
    save(folder / "masks" / "a.jpg", np.zeros((8, 10), np.uint8))
    save(folder / "masks" / "b.png", np.zeros((8, 10, 3), np.uint8))
    save(folder / "images" / "c.tif", np.zeros((8, 10), np.uint8))
    with pytest.raises(ValueError, match="problem") as refusal:
        len(source(folder))
    assert "a.jpg: JPEG changes the values of a mask" in str(refusal.value)
    assert "b.png: a mask has one channel, this file has 3" in str(refusal.value)
    assert "c.tif: the same name as" in str(refusal.value)


def test_labels_that_are_no_integers_are_named(folder):
    for name in "abc":
        save(folder / "labels" / f"{name}.tif", np.zeros((8, 10), np.float32))
    with pytest.raises(ValueError, match=r"a\.tif: labels must be \(H, W\) integers, got float32"):
        len(ImageFolder(str(folder), labels="labels"))


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"masks": None}, "give either masks or labels"),
        ({"labels": "masks"}, "give either masks or labels"),
        ({"boundary_value": None}, "masks need boundary_value"),
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
