import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from seg.__main__ import main
from seg.data.reading import read_image_file
from seg.data.writing import decode_probability
from seg.inference.artifact import write_artifact
from seg.inference.predictor import Predictor
from seg.record import RunRecord

LOSS = Path(__file__).parents[3] / "configs" / "loss"


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}"]
    args += [f"--model.loss={LOSS / 'perceptual.yaml'}", f"--trainer.logger.save_dir={folder}"]
    assert main([*args, "--trainer.logger.name=run", "--trainer.enable_progress_bar=false"]) == 0
    return folder / "run" / "version_0"


@pytest.fixture
def artifact(run, tmp_path) -> Path:
    write_artifact(run, tmp_path / "artifact")
    return tmp_path / "artifact"


def test_an_artifact_holds_all_that_serving_needs_and_where_it_came_from(run, artifact):
    info, record = json.loads((artifact / "artifact.json").read_text()), RunRecord.load(run)
    assert info["threshold"] == record.threshold
    assert info["boundary_value"] == 255
    assert info["scaling"] == {"low_percentile": 0.1, "high_percentile": 99.9}
    assert info["scores"]["test"]["iou"] == pytest.approx(record.test.mean("iou"))
    assert info["provenance"]["loss"] == "losses.PerceptualLoss"
    assert info["provenance"]["data_fingerprint"] == record.data["fingerprint"]
    assert yaml.safe_load((artifact / "config.yaml").read_text()) == record.config
    names = {path.name for path in artifact.iterdir()}
    assert json.loads((artifact / "manifest.json").read_text()).keys() == names - {"manifest.json"}
    assert "/" not in json.dumps(info)


def test_a_predictor_answers_like_the_run_that_it_comes_from(run, artifact):
    predictor, record = Predictor.load(artifact), RunRecord.load(run)
    image = read_image_file(artifact / "golden_image.png")
    expected = decode_probability((run / "test" / record.test.images[0] / "probability.png").read_bytes())
    # the golden image is the 8-bit picture of the input: as close as 8 bits are
    assert np.abs(predictor.probability(image) - expected).mean() < 0.01
    assert predictor.probability(image[:1, :1]).shape == (1, 1)
    assert predictor.probability(np.zeros((33, 47, 3), np.uint16)).shape == (33, 47)


@pytest.mark.parametrize("name", ["model.safetensors", "artifact.json", "golden_image.png", "config.yaml"])
def test_a_file_with_one_flipped_bit_is_refused_by_name(artifact, name):
    data = bytearray((artifact / name).read_bytes())
    data[len(data) // 2] ^= 1
    (artifact / name).write_bytes(data)
    with pytest.raises(ValueError, match=f"{name} is not the file that was promoted"):
        Predictor.load(artifact)


def test_a_missing_file_or_manifest_is_refused_by_name(artifact):
    (artifact / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"model\.safetensors is missing"):
        Predictor.load(artifact)
    (artifact / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="is not an artifact"):
        Predictor.load(artifact)


def test_a_model_that_answers_the_golden_image_differently_is_refused(artifact, monkeypatch):
    original = Predictor.from_files.__func__

    def other_threshold_of_rounding(cls, folder):
        predictor = original(cls, folder)
        with torch.no_grad():
            predictor.network.network.segmentation_head[0].bias += 0.1
        return predictor

    monkeypatch.setattr(Predictor, "from_files", classmethod(other_threshold_of_rounding))
    with pytest.raises(ValueError, match="the golden image gets probabilities"):
        Predictor.load(artifact)


def test_only_a_finished_run_becomes_an_artifact_and_nothing_is_left_behind(run, tmp_path):
    record = RunRecord.load(run)
    for number, (changed, error, rule) in enumerate(
        [
            (replace(record, status="diverged"), ValueError, "is a diverged run"),
            (replace(record, checkpoint="gone.ckpt"), FileNotFoundError, r"no such checkpoint: .*gone\.ckpt"),
        ]
    ):
        folder = tmp_path / f"run{number}"
        folder.mkdir()
        changed.save(folder)
        with pytest.raises(error, match=rule):
            write_artifact(folder, tmp_path / "artifact")
    assert {path.name for path in tmp_path.iterdir()} == {"run0", "run1"}


def test_an_existing_folder_is_not_overwritten(run, artifact):
    before = (artifact / "manifest.json").read_bytes()
    with pytest.raises(FileExistsError, match="exists"):
        write_artifact(run, artifact)
    assert (artifact / "manifest.json").read_bytes() == before


class Trap:
    def __reduce__(self):
        return (Path.touch, (Path("trap_was_sprung"),))


def test_a_checkpoint_that_would_execute_code_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    RunRecord.load(run)
    replace(RunRecord.load(run), checkpoint="evil.ckpt").save(tmp_path)
    torch.save({"state_dict": {}, "trap": Trap()}, tmp_path / "evil.ckpt")
    with pytest.raises(ValueError, match=r"evil\.ckpt cannot be read as weights"):
        write_artifact(tmp_path, tmp_path / "artifact")
    assert not (tmp_path / "trap_was_sprung").exists()
