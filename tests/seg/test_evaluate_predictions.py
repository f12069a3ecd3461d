"""`seg evaluate` scores the folder that `seg predict` writes."""

import json

import numpy as np
import pytest
import pytorch_lightning as pl
import tifffile
from PIL import Image

from losses import L2Loss
from seg.__main__ import main
from seg.data.folder import ImageFolder
from seg.data.module import BoundaryDataModule
from seg.data.split import BlockSplit
from seg.data.synthetic import SyntheticCells
from seg.model.module import BoundaryModule
from seg.network.unet import NetworkConfig
from seg.training.pictures import PictureWriter

CELLS = list(SyntheticCells(count=3, size_px=64, cell_diameter_px=20))


@pytest.fixture(scope="module")
def network() -> BoundaryModule:
    options = {"decoder_channels": [16, 8, 8, 8, 8]}
    return BoundaryModule(NetworkConfig(encoder_weights=None, options=options), L2Loss())


def save(folder, name: str, array: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(array).save(folder / f"{name}.png")


def predict(folder, network: BoundaryModule, masks: tuple[int, int]) -> dict[str, np.ndarray]:
    """Write images, masks of (cell, boundary) values and predictions; return the probabilities."""
    for sample in CELLS:
        save(folder / "images", sample.name, sample.image)
        save(folder / "masks", sample.name, np.where(sample.mask, masks[1], masks[0]).astype(np.uint8))
    source = ImageFolder(str(folder), masks="masks", boundary_value=masks[1])
    data = BoundaryDataModule(source, BlockSplit(val=1, test=1), predict=str(folder / "images"))
    trainer = pl.Trainer(accelerator="cpu", default_root_dir=folder, logger=False, callbacks=[PictureWriter()])
    answers = trainer.predict(network, data)
    return {sample.name: answer[0, 0].numpy() for sample, answer in zip(CELLS, answers, strict=True)}


def evaluate(folder, *options: str) -> dict:
    args = ["evaluate", str(folder / "predictions"), str(folder / "masks"), "--out", str(folder / "scores.json")]
    assert main([*args, *options]) == 0
    return json.loads((folder / "scores.json").read_text())


@pytest.mark.parametrize("masks", [(255, 0), (0, 255), (0, 1)], ids=["black", "white", "one"])
def test_masks_and_probabilities_of_seg_predict_are_scored_in_the_polarity_of_the_truth(tmp_path, network, masks):
    probabilities = predict(tmp_path, network, masks)
    network.threshold.fill_(float(np.median(np.stack(list(probabilities.values())))))
    predict(tmp_path, network, masks)
    value = ["--boundary-value", str(masks[1])]
    threshold = network.threshold.item()
    predicted = [probabilities[sample.name] >= threshold for sample in CELLS]
    expected = [(p & s.mask).sum() / (p | s.mask).sum() for p, s in zip(predicted, CELLS, strict=True)]
    scores = evaluate(tmp_path, *value)
    assert scores["images"] == [sample.name for sample in CELLS]
    assert scores["metrics"]["iou"] == pytest.approx(expected)
    scores = evaluate(tmp_path, *value, "--predicted", "probability", "--threshold", str(threshold))
    assert scores["metrics"]["iou"] == pytest.approx(expected, abs=0.02)  # 16 bits round at the threshold


def write_predictions(folder, names: list[str]) -> None:
    for sample in CELLS:
        save(folder / "masks", sample.name, (sample.mask * 255).astype(np.uint8))
    for name in names:
        sample = next(sample for sample in CELLS if sample.name == name)
        save(folder / "predictions", f"{name}_mask", (sample.mask * 255).astype(np.uint8))
        tifffile.imwrite(folder / "predictions" / f"{name}_labels.tif", sample.labels.astype(np.uint16))


def test_truth_that_was_not_predicted_is_told_and_not_scored(tmp_path, capsys):
    write_predictions(tmp_path, [CELLS[2].name])
    assert evaluate(tmp_path)["images"] == [CELLS[2].name]
    assert "not predicted and not scored: synthetic-0000, synthetic-0001" in capsys.readouterr().err


def test_labels_of_seg_predict_are_scored_as_cells(tmp_path):
    write_predictions(tmp_path, [sample.name for sample in CELLS])
    (tmp_path / "masks").rename(tmp_path / "unused")
    (tmp_path / "masks").mkdir()
    for sample in CELLS:
        tifffile.imwrite(tmp_path / "masks" / f"{sample.name}.tif", sample.labels)
    scores = evaluate(tmp_path, "--predicted", "labels", "--true", "labels")
    assert scores["metrics"]["instance_ap"] == [1, 1, 1]


def test_another_kind_than_the_folder_has_is_told(tmp_path, capsys):
    write_predictions(tmp_path, [CELLS[0].name])
    folders = [str(tmp_path / "predictions"), str(tmp_path / "masks")]
    assert main(["evaluate", *folders, "--predicted", "probability"]) == 2
    assert "no probability in" in (error := capsys.readouterr().err)
    assert "add --predicted mask or --predicted labels" in error


def test_names_that_end_like_those_of_seg_predict_in_both_folders_are_plain_names(tmp_path):
    for folder in ("predictions", "masks"):
        for sample in CELLS:
            save(tmp_path / folder, f"{sample.name}_mask", (sample.mask * 255).astype(np.uint8))
    assert evaluate(tmp_path)["images"] == [f"{sample.name}_mask" for sample in CELLS]


def test_a_name_that_ends_like_a_kind_finds_its_own_prediction(tmp_path):
    for name, sample in (("a", CELLS[0]), ("a_mask", CELLS[1])):
        save(tmp_path / "masks", name, (sample.mask * 255).astype(np.uint8))
        save(tmp_path / "predictions", f"{name}_mask", (sample.mask * 255).astype(np.uint8))
    scores = evaluate(tmp_path)
    assert (scores["images"], scores["metrics"]["iou"]) == (["a", "a_mask"], [1, 1])


def test_a_plain_file_beside_that_of_seg_predict_is_a_second_one_of_its_name(tmp_path, capsys):
    write_predictions(tmp_path, [sample.name for sample in CELLS])
    save(tmp_path / "predictions", CELLS[0].name, np.zeros((64, 64), np.uint8))
    assert main(["evaluate", str(tmp_path / "predictions"), str(tmp_path / "masks")]) == 2
    assert "synthetic-0000.png, " in (error := capsys.readouterr().err)
    assert "the same name: " in error
