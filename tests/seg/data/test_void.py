"""Images of which only a part is annotated."""

import albumentations
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from seg.data.folder import ImageFolder
from seg.data.labels import boundaries_beside_void
from seg.data.manifest import Manifest
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.split import BlockSplit
from seg.data.truth import MaskRule, void_of


def write(folder, mask, name="a"):
    for kind, array in (("images", np.arange(mask.shape[0] * mask.shape[1]).reshape(mask.shape[:2])), ("masks", mask)):
        (folder / kind).mkdir(exist_ok=True)
        tifffile.imwrite(folder / kind / f"{name}.tif", array.astype(np.uint8), photometric=None)


MASK = np.array([[0, 255, 128, 128], [0, 255, 0, 128]], np.uint8)


def test_void_pixels_of_a_mask_are_neither_boundary_nor_background(tmp_path):
    write(tmp_path, MASK)
    (sample,) = ImageFolder(str(tmp_path), masks="masks", boundary_value=255, void=128)
    assert sample.mask.tolist() == (MASK == 255).tolist()
    assert sample.valid.tolist() == (MASK != 128).tolist()
    assert sample.boundary_share == 2 / 5


def test_a_mask_without_void_pixels_is_annotated_everywhere(tmp_path):
    write(tmp_path, np.where(MASK == 128, 0, MASK))
    (sample,) = ImageFolder(str(tmp_path), masks="masks", boundary_value=255, void=128)
    assert sample.valid is None


def test_void_may_be_a_color_and_the_threshold_leaves_it_out():
    colors = np.array([[[255, 0, 0], [0, 0, 0], [0, 0, 255]]], np.uint8)
    void = void_of(colors, [0, 0, 255])
    assert void.tolist() == [[False, False, True]]
    assert MaskRule([255, 0, 0]).apply(colors, void=void).tolist() == [[True, False, False]]
    smooth = np.array([[0, 90, 200, 77]], np.uint8)
    assert MaskRule(0, 100).apply(smooth, void=void_of(smooth, 77)).tolist() == [[True, True, False, False]]


def test_a_third_value_is_refused_with_the_line_that_helps():
    with pytest.raises(ValueError, match="add void: 128 or 0 if nobody annotated these pixels"):
        MaskRule(255).apply(MASK)


def test_an_image_that_nobody_annotated_is_refused_with_its_path(tmp_path):
    write(tmp_path, np.full((2, 4), 128, np.uint8))
    with pytest.raises(ValueError, match=r"a.tif: all pixels are void \(128\): annotate a part"):
        ImageFolder(str(tmp_path), masks="masks", boundary_value=255, void=128)[0]


def test_beside_void_pixels_of_labels_the_boundary_is_unknown(tmp_path):
    labels = np.array([[1, 1, 1, 1, 9, 9], [1, 1, 1, 1, 9, 9], [0, 0, 0, 0, 9, 9]], np.uint8)
    boundary, known = boundaries_beside_void(np.where(labels == 9, 0, labels), labels == 9, 1)
    assert known.tolist() == [[True] * 3 + [False] * 3] * 3
    assert boundary.tolist() == [[False] * 6, [True] * 3 + [False] * 3, [False] * 6]
    write(tmp_path, labels)
    (sample,) = ImageFolder(str(tmp_path), labels="masks", void=9)
    assert np.array_equal(sample.mask, boundary)
    assert np.array_equal(sample.valid, known)
    assert sample.labels.tolist() == [[1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0], [0] * 6]


def test_a_manifest_reads_void_pixels_too(tmp_path):
    write(tmp_path, MASK)
    (tmp_path / "data.csv").write_text("image,mask\nimages/a.tif,masks/a.tif\n")
    (sample,) = Manifest(str(tmp_path / "data.csv"), boundary_value=255, void=128)
    assert sample.valid.tolist() == (MASK != 128).tolist()


def partly() -> list[Sample]:
    """Images with the intensity 100 on the boundary, 200 beside it and 0 at void pixels."""
    rng = np.random.default_rng(0)
    samples = []
    for number in range(4):
        mask, valid = rng.random((48, 48)) < 0.3, np.zeros((48, 48), np.bool_)
        valid[20:30, :] = number > 0
        valid[0, 0] = True
        image = np.where(valid, np.where(mask, 100, 200), 0).astype(np.uint8)
        samples.append(Sample(f"s{number}", image, mask & valid, valid=valid if number < 3 else None))
    samples[3] = Sample("s3", np.where(samples[3].mask, 100, 200).astype(np.uint8), samples[3].mask)
    return samples


def module(samples, **options) -> BoundaryDataModule:
    data = BoundaryDataModule(samples, BlockSplit(val=1, test=1), crop_px=16, batch_size=4, **options)
    data.setup("fit")
    return data


def test_void_pixels_are_cropped_and_turned_with_the_image_and_every_crop_has_annotated_ones():
    data = module(partly(), transforms=[albumentations.D4(p=1.0)], steps_per_epoch=6)
    for batch in data.train_dataloader():
        assert batch["valid"].shape == (4, 1, 16, 16)
        assert torch.equal(batch["valid"], batch["image"] > -1)
        assert not batch["mask"][~batch["valid"]].any()
        assert batch["valid"].flatten(1).any(dim=1).all()


def test_crops_of_labels_leave_out_what_is_beside_void_pixels_however_they_are_turned():
    labels = np.kron(np.arange(1, 10).reshape(3, 3), np.ones((16, 16), np.int32)).astype(np.int32)
    void = np.zeros_like(labels, dtype=np.bool_)
    void[:, 30:] = True
    boundary, known = boundaries_beside_void(np.where(void, 0, labels), void, 1)
    image = np.where(known, np.where(boundary, 100, 200), 0).astype(np.uint8)
    sample = Sample("a", image, boundary, np.where(known, labels, 0), 1, valid=known)
    data = module([sample, *partly()[2:]], transforms=[albumentations.D4(p=1.0)], steps_per_epoch=4)
    for batch in data.train_dataloader():
        image, mask, valid = (batch[key][..., 1:-1, 1:-1] for key in ("image", "mask", "valid"))  # cells end at the rim
        assert not (valid & (image == -1)).any()
        assert valid.any()
        assert torch.equal(mask.bool()[valid], image[valid] < 0.5)


def test_whole_images_tell_their_void_pixels():
    (val,) = module(partly()).val_dataloader()
    assert val["valid"].sum() == 10 * 48 + 1
    (test,) = module(partly()).test_dataloader()
    assert "valid" not in test


def test_the_fingerprint_knows_void_pixels():
    samples = partly()
    moved = [Sample(s.name, s.image, s.mask, valid=None) for s in samples]
    assert module(samples).describe()["fingerprint"] != module(moved).describe()["fingerprint"]


def test_without_void_pixels_batches_are_as_they_were(tmp_path):
    samples = [Sample(s.name, s.image + np.uint8(n), s.mask) for n, s in enumerate(partly())]
    batch = next(iter(module(samples).train_dataloader()))
    assert sorted(batch) == ["image", "mask", "name"]


def test_a_png_mask_with_a_void_value_is_read(tmp_path):
    write(tmp_path, MASK)
    (tmp_path / "masks" / "a.tif").unlink()
    Image.fromarray(MASK).save(tmp_path / "masks" / "a.png")
    assert (
        ImageFolder(str(tmp_path), masks="masks", boundary_value=0, void=128)[0].mask.tolist() == (MASK == 0).tolist()
    )
