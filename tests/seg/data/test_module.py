from dataclasses import astuple, replace

import albumentations
import numpy as np
import pytest
import torch
from PIL import Image

from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample
from seg.data.split import BlockSplit, GroupSplit
from seg.data.synthetic import SyntheticCells


def module(**options) -> BoundaryDataModule:
    settings = {
        "source": SyntheticCells(count=6, size_px=64, cell_diameter_px=16),
        "split": BlockSplit(val=1, test=2),
        "transforms": [albumentations.D4(p=1.0), albumentations.RandomBrightnessContrast(p=0.5)],
        "crop_px": 32,
        "batch_size": 3,
        "steps_per_epoch": 4,
    }
    data = BoundaryDataModule(**(settings | options))
    data.setup("fit")
    return data


def epoch(data: BoundaryDataModule, number: int) -> list[dict]:
    loader = data.train_dataloader()
    loader.sampler.set_epoch(number)
    return list(loader)


def images(batches: list[dict]) -> torch.Tensor:
    return torch.cat([batch["image"] for batch in batches])


def test_batches_have_the_shapes_and_ranges_that_the_model_expects():
    batches = epoch(module(), 0)
    assert len(batches) == 4
    assert batches[0]["image"].shape == batches[0]["mask"].shape == (3, 1, 32, 32)
    assert batches[0]["image"].dtype == batches[0]["mask"].dtype == torch.float32
    assert -1 <= images(batches).min() < images(batches).max() <= 1
    assert set(torch.cat([batch["mask"] for batch in batches]).unique().tolist()) == {0.0, 1.0}


def test_crops_depend_on_seed_and_epoch_alone():
    first, again = module(seed=1), module(seed=1)
    epoch(again, 0)
    assert torch.equal(images(epoch(first, 3)), images(epoch(again, 3)))
    assert not torch.equal(images(epoch(first, 3)), images(epoch(first, 4)))
    assert not torch.equal(images(epoch(first, 3)), images(epoch(module(seed=2), 3)))


def test_worker_processes_serve_the_same_crops():
    assert torch.equal(images(epoch(module(), 1)), images(epoch(module(num_workers=1), 1)))


def test_mask_and_image_are_cropped_and_turned_together():
    rng = np.random.default_rng(0)
    masks = rng.random((6, 48, 48)) < 0.3
    samples = [Sample(f"s{i}", np.where(mask, 10, 200).astype(np.uint8), mask) for i, mask in enumerate(masks)]
    data = module(source=samples, transforms=[albumentations.D4(p=1.0)])
    for batch in epoch(data, 0):
        assert torch.equal(batch["image"] < 0, batch["mask"] > 0.5)


def test_an_image_smaller_than_the_crop_is_padded():
    batch = epoch(module(crop_px=96), 0)[0]
    assert batch["image"].shape == (3, 1, 96, 96)
    assert batch["image"][0].std() > 0.1


def test_whole_images_are_served_for_everything_else():
    data = module(channels=3)
    (val,), test = list(data.val_dataloader()), list(data.test_dataloader())
    assert val["image"].shape == (1, 3, 64, 64)
    assert val["name"] == ["synthetic-0003"]
    assert [batch["name"][0] for batch in test] == ["synthetic-0004", "synthetic-0005"]
    assert [batch["name"] for batch in data.predict_dataloader()] == [batch["name"] for batch in test]


def test_whole_images_bring_labels_where_their_source_has_them():
    cells = list(SyntheticCells(count=6, size_px=64, cell_diameter_px=16))
    (val,) = module(source=cells).val_dataloader()
    assert (val["labels"].shape, val["labels"].dtype) == ((1, 64, 64), torch.int32)
    assert np.array_equal(val["labels"][0], cells[3].labels)
    without = [Sample(sample.name, sample.image, sample.mask) for sample in cells]
    assert all("labels" not in batch for batch in module(source=without).test_dataloader())
    assert "labels" not in epoch(module(), 0)[0]


def test_an_image_file_can_be_predicted_without_any_training_data(tmp_path):
    Image.fromarray(np.zeros((9, 7), np.uint8)).save(tmp_path / "one.png")
    data = BoundaryDataModule([], BlockSplit(1, 1), predict=str(tmp_path / "one.png"))
    data.setup("predict")
    (batch,) = data.predict_dataloader()
    assert (batch["name"], batch["image"].shape) == (["one"], (1, 1, 9, 7))


def test_the_fingerprint_changes_with_pixels_masks_labels_and_split():
    samples = list(SyntheticCells(count=6, size_px=64, cell_diameter_px=16))
    plain = module(source=samples).describe()
    assert plain == module(source=list(samples)).describe()
    changed = samples.copy()
    changed[0] = Sample(samples[0].name, samples[0].image, ~samples[0].mask, samples[0].labels)
    others = [
        module(source=changed).describe(),
        module(source=[Sample(*astuple(samples[0])[:3]), *samples[1:]]).describe(),
        module(source=samples, split=BlockSplit(val=2, test=2)).describe(),
        module(source=list(SyntheticCells(count=6, size_px=64, cell_diameter_px=16, seed=1))).describe(),
    ]
    assert len({plain["fingerprint"], *(other["fingerprint"] for other in others)}) == 5
    assert plain["train"] == ["synthetic-0000", "synthetic-0001", "synthetic-0002"]


def test_the_groups_of_the_test_images_are_those_of_the_split():
    samples = list(SyntheticCells(count=6, size_px=64, cell_diameter_px=16))
    sections = module(source=samples, split=BlockSplit(val=2, test=2)).describe()
    assert (set(sections["groups"]), len(set(sections["groups"].values()))) == (set(sections["test"]), 1)
    assert sections["serial"]
    pairs = module(source=samples, split=GroupSplit(0.34, 0.34, group="([0-9])$")).describe()
    assert pairs["groups"] == {name: name[-1] for name in pairs["test"]}
    assert not pairs["serial"]


def test_images_of_a_source_that_says_so_are_independent_in_any_split():
    cells = SyntheticCells(count=6, size_px=64, cell_diameter_px=16)
    described = module(source=cells, split=BlockSplit(val=2, test=2)).describe()
    assert described["groups"] == {name: name for name in described["test"]}
    assert not described["serial"]


def test_names_that_share_or_leave_a_folder_are_refused_of_every_source():
    cells = list(SyntheticCells(count=6, size_px=64, cell_diameter_px=16))
    samples = [replace(cells[0], name="../../x"), *cells[1:5], replace(cells[5], name=cells[1].name)]
    with pytest.raises(ValueError, match=r"2 name\(s\) of images cannot be used") as refusal:
        module(source=samples)
    assert "'../../x'" in str(refusal.value)
    assert "'synthetic-0001': 2 images have this name" in str(refusal.value)


def test_a_data_module_that_refused_its_samples_refuses_them_again():
    samples = list(SyntheticCells(count=5, size_px=64, cell_diameter_px=16))
    data = BoundaryDataModule([*samples, samples[0]], BlockSplit(val=1, test=2))
    for _ in range(2):
        with pytest.raises(ValueError, match="2 images have this name"):
            data.setup("fit")


def test_a_picture_in_two_splits_is_refused_at_setup():
    samples = list(SyntheticCells(count=5, size_px=64, cell_diameter_px=16))
    with pytest.raises(ValueError, match="the same picture is in two splits"):
        module(source=[*samples, replace(samples[0], name="copy")])


def test_a_doubtful_polarity_is_warned_about():
    cells = SyntheticCells(count=6, size_px=64, cell_diameter_px=16)
    samples = [Sample(sample.name, sample.image, ~sample.mask) for sample in cells]
    with pytest.warns(UserWarning, match="88% of the pixels are boundary: is boundary_value the right one"):
        module(source=samples)


@pytest.mark.parametrize("name", ["crop_px", "batch_size", "steps_per_epoch"])
def test_numbers_that_make_no_sense_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be >= 1, got 0"):
        module(**{name: 0})
