"""A training on channels of a stack and their neighbors, and its artifact."""

import csv
import json
import shutil

import numpy as np
import pytest
import tifffile

from seg.__main__ import main
from seg.data.planes import Planes
from seg.data.reading import read_image
from seg.data.stored_input import read_picture, read_stored, write_input
from seg.data.synthetic import SyntheticCells
from seg.data.writing import encode_mask, write_file
from seg.inference.artifact import write_artifact
from seg.inference.predictor import Predictor
from seg.record import RunRecord


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_inputs_of_any_number_of_channels_are_written_and_read(tmp_path, channels):
    image = np.random.default_rng(0).uniform(-1, 1, (channels, 8, 9)).astype(np.float32)
    write_input(tmp_path / "image.png", image)
    assert np.abs(read_stored(tmp_path / "image.png") - image).max() < 1 / 255
    assert read_picture(tmp_path / "image.png").shape == ((8, 9) if channels == 1 else (8, 9, channels))
    assert (tmp_path / "image.tif").exists() == (channels in (2, 6))


@pytest.mark.slow
def test_two_channels_with_context_are_trained_promoted_predicted_audited_and_compared(tmp_path, fit_args, capsys):
    cells = list(SyntheticCells(count=6, size_px=64, cell_diameter_px=20))
    volume = np.stack([np.stack([cell.image, 255 - cell.image]) for cell in cells])
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    tifffile.imwrite(tmp_path / "images" / "v.tif", volume, imagej=True, metadata={"axes": "ZCYX"})
    masks = np.stack([cell.mask for cell in cells]).astype(np.uint8)
    tifffile.imwrite(tmp_path / "masks" / "v.tif", masks, photometric="minisblack")
    source = {"class_path": "seg.data.stacks.ImageStacks", "init_args": {"root": str(tmp_path), "masks": "masks"}}
    source["init_args"]["boundary_value"] = 1
    args = [f"--data.source={source}", "--data.channels=[1, 0]", "--data.context=1", "--trainer.max_epochs=1"]
    assert main([*fit_args, "--model.loss=losses.L2Loss", *args]) == 0
    run = tmp_path / "run" / "version_0"
    assert RunRecord.load(run).config.network["in_channels"] == 6
    write_artifact(run, tmp_path / "artifact")
    predictor = Predictor.load(tmp_path / "artifact")
    assert predictor.info.planes == Planes((1, 0), 1)
    data = (tmp_path / "images" / "v.tif").read_bytes()
    probability = predictor.probability(read_image(data, page=5, planes=predictor.info.planes))
    (checkpoint,) = (run / "checkpoints").glob("epoch*.ckpt")
    predict = ["predict", f"--config={run / 'config.yaml'}", f"--ckpt_path={checkpoint}"]
    assert main([*predict, f"--data.predict={tmp_path / 'images'}", "--trainer.enable_progress_bar=false"]) == 0
    (written,) = tmp_path.rglob("v-0005_probability.png")
    assert np.abs(read_image(written.read_bytes()) / 65535 - probability).max() < 1e-3
    shutil.copytree(run, tmp_path / "moved")
    assert main(["audit", str(tmp_path / "moved"), f"--out={tmp_path / 'audit'}"]) in (0, 1)
    assert (tmp_path / "audit" / "audit.html").is_file()
    out = tmp_path / "next"
    assert main(["suggest", str(run), str(tmp_path / "moved"), str(tmp_path / "images"), f"--out={out}"]) == 0
    with (out / "suggestions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["image"] for row in rows} == {f"v-{page:04}" for page in range(6)}
    assert {float(row["disagreement_bits"]) for row in rows} == {0}  # the same network twice
    record = json.loads((tmp_path / "moved" / "record.json").read_text())
    record["config"]["data"]["context"] = 0
    (tmp_path / "moved" / "record.json").write_text(json.dumps(record))
    assert main(["suggest", str(run), str(tmp_path / "moved"), str(tmp_path / "images"), f"--out={out}"]) == 2
    assert "the runs read different channels, sections or projections" in capsys.readouterr().err


@pytest.mark.slow
def test_named_channels_of_projections_are_trained_promoted_and_predicted(tmp_path, fit_args):
    for cell in SyntheticCells(count=5, size_px=64, cell_diameter_px=20):
        stack = np.stack([np.stack([255 - cell.image, cell.image // (z + 1)]) for z in range(3)])
        names = {"axes": "ZCYX", "Channel": {"Name": ["DAPI", "Actin"]}}
        write_file(tmp_path / "masks" / f"{cell.name}.png", encode_mask(cell.mask, 255))
        (tmp_path / "images").mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / "images" / f"{cell.name}.ome.tif", stack, ome=True, metadata=names)
    source = {"root": str(tmp_path), "masks": "masks", "boundary_value": 255}
    source = {"class_path": "seg.data.folder.ImageFolder", "init_args": source}
    args = [f"--data.source={source}", "--data.channels=[Actin]", "--data.projection=max", "--trainer.max_epochs=1"]
    assert main([*fit_args, "--model.loss=losses.L2Loss", *args]) == 0
    run = tmp_path / "run" / "version_0"
    assert RunRecord.load(run).config.network["in_channels"] == 1
    write_artifact(run, tmp_path / "artifact")
    planes = Predictor.load(tmp_path / "artifact").info.planes
    assert planes == Planes(("Actin",), projection="max")
    data = (tmp_path / "images" / f"{cell.name}.ome.tif").read_bytes()
    assert np.array_equal(read_image(data, planes=planes)[..., 0], cell.image)
    (checkpoint,) = (run / "checkpoints").glob("epoch*.ckpt")
    predict = ["predict", f"--config={run / 'config.yaml'}", f"--ckpt_path={checkpoint}"]
    assert main([*predict, f"--data.predict={tmp_path / 'images'}", "--trainer.enable_progress_bar=false"]) == 0
    assert len(list((tmp_path / "run").rglob("*_probability.png"))) == 5
