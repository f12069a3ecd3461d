import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from seg.data.reading import read_image_file
from seg.data.writing import decode_probability, encode_probability
from seg.inference import engine, engine_choice
from seg.inference.artifact import write_artifact
from seg.inference.artifact_info import ArtifactInfo
from seg.inference.engine import OpenVinoEngine
from seg.inference.golden import export_inputs, validation_goldens
from seg.inference.openvino_runtime import openvino_core
from seg.inference.predictor import Predictor
from seg.inference.torch_engine import TorchEngine
from seg.record import RunRecord


@pytest.fixture(scope="module")
def predictor(made) -> Predictor:
    return Predictor.load(made)


@pytest.fixture
def artifact(made, tmp_path) -> Path:
    """A copy that may be damaged."""
    return shutil.copytree(made, tmp_path / "artifact")


def test_an_artifact_holds_all_that_serving_needs_and_where_it_came_from(run, artifact):
    info, record = json.loads((artifact / "artifact.json").read_text()), RunRecord.load(run)
    assert info["threshold"] == record.threshold
    assert (info["threshold_tta"], info["decoder"]) == (record.threshold_tta, record.decoder)
    assert info["network"]["classes"] == 2
    assert info["boundary_value"] == 255
    assert info["scaling"] == {"low_percentile": 0.1, "high_percentile": 99.9}
    assert info["scores"]["test"]["iou"] == pytest.approx(record.test.mean("iou"))
    assert info["provenance"]["loss"] == "losses.CompositeLoss"
    assert info["provenance"]["data_fingerprint"] == record.data.fingerprint
    assert yaml.safe_load((artifact / "config.yaml").read_text()) == record.config.raw
    names = {path.name for path in artifact.iterdir()}
    assert json.loads((artifact / "manifest.json").read_text()).keys() == names - {"manifest.json"}
    assert "/" not in json.dumps(info)


def test_an_artifact_knows_how_the_images_of_its_training_look(run, made):
    info, record = ArtifactInfo.load(made), RunRecord.load(run)
    crops = len(list((run / "calibration").glob("*.png")))
    assert len(info.reference.images) == len(record.validation.images) + crops
    known = read_image_file(run / "validation" / record.validation.images[0] / "image.png")
    assert info.novelty(known).distance < 0.1
    assert "intensity" in info.novelty(np.zeros_like(known)).unlike


def test_a_predictor_answers_like_the_run_that_it_comes_from(run, artifact):
    predictor, record = Predictor.load(artifact), RunRecord.load(run)
    image = read_image_file(artifact / "golden_image.png")
    expected = decode_probability((run / "test" / record.test.images[0] / "probability.png").read_bytes())
    # the golden image is the 8-bit picture of the input: as close as 8 bits are
    assert np.abs(predictor.probability(image) - expected).mean() < 0.01
    assert predictor.probability(image[:1, :1]).shape == (1, 1)
    assert predictor.probability(np.zeros((33, 47, 3), np.uint16)).shape == (33, 47)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "model.onnx", "artifact.json", "golden_image.png", "config.yaml"]
)
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


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_a_model_that_answers_the_golden_image_differently_is_refused(artifact, engine):
    picture = artifact / "golden_probability.png"
    probability = decode_probability(picture.read_bytes())
    picture.write_bytes(encode_probability(np.where(probability > 0.5, probability - 0.01, probability + 0.01)))
    vouch_for(artifact)
    with pytest.raises(ValueError, match=r"the golden image gets probabilities 0\.01 away"):
        Predictor.load(artifact, engine)


def test_engines_that_round_coarsely_are_held_to_the_golden_mask_alone(artifact):
    picture = artifact / "golden_probability.png"
    probability = decode_probability(picture.read_bytes())
    threshold = json.loads((artifact / "artifact.json").read_text())["threshold"]
    shutil.copyfile(artifact / "model.onnx", artifact / "model_int8.xml")  # OpenVINO looks into the file
    for recorded, accepted in ((np.where(probability >= threshold, 1.0, 0.0), True), (1 - probability, False)):
        picture.write_bytes(encode_probability(recorded))
        vouch_for(artifact)
        if accepted:
            assert not Predictor.load(artifact, "int8").engine.exact
        else:
            with pytest.raises(ValueError, match="mask overlaps the recorded one by a Dice of"):
                Predictor.load(artifact, "int8")


def vouch_for(artifact: Path) -> None:
    """Write the manifest anew."""
    files = [path for path in artifact.iterdir() if path.name != "manifest.json"]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (artifact / "manifest.json").write_text(json.dumps(hashes))


def test_the_export_is_chosen_where_there_is_one_and_agrees_with_pytorch(artifact, monkeypatch):
    measured = json.loads((artifact / "artifact.json").read_text())["engine"]["openvino"]
    assert measured["max_difference"] <= 1e-4
    assert measured["flipped"] <= 1e-3
    assert measured["speed_up"] > 0
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    image = np.random.default_rng(0).integers(0, 255, (45, 83), dtype=np.uint8)
    chosen = Predictor.load(artifact)
    assert isinstance(chosen.engine, OpenVinoEngine)
    fallback = Predictor.load(artifact, "torch")
    assert isinstance(fallback.engine, TorchEngine)
    assert np.allclose(chosen.probability(image), fallback.probability(image), atol=1e-5)


WITHOUT_PYTORCH = """
import sys
from pathlib import Path
import numpy as np
sys.modules["torch"] = None  # an import of it fails
from seg.inference.predictor import Predictor
image = np.random.default_rng(0).integers(0, 255, (45, 83), dtype=np.uint8)
predictor = Predictor.load(Path(sys.argv[1]), any_size=True)
np.save(sys.argv[2], predictor.probability(image, tta=True))
assert predictor.decode(predictor.probabilities(image), image).shape == image.shape
"""


def test_an_export_answers_the_same_without_pytorch(artifact, tmp_path):
    found = tmp_path / "found.npy"
    subprocess.run([sys.executable, "-c", WITHOUT_PYTORCH, artifact, found], check=True)
    image = np.random.default_rng(0).integers(0, 255, (45, 83), dtype=np.uint8)
    assert np.allclose(np.load(found), Predictor.load(artifact).probability(image, tta=True), atol=1e-6)


@pytest.mark.parametrize(("devices", "found"), [([], False), (["/dev/null"], True)])
def test_pytorch_is_asked_for_a_gpu_only_where_there_is_a_driver(monkeypatch, devices, found):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(engine_choice, "_GPU_DEVICES", devices)
    monkeypatch.setattr(sys, "platform", "linux")
    assert engine_choice._has_gpu() is found
    monkeypatch.setattr(sys, "platform", "win32")
    assert engine_choice._has_gpu()


def test_eight_views_are_the_mean_over_flips_and_turns(artifact):
    image = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)
    predictor = Predictor.load(artifact)
    averaged = predictor.probability(image, tta=True)
    views = [
        np.rot90(np.fliplr(answer) if flip else answer, -turns)
        for turns in range(4)
        for flip in (False, True)
        for answer in [predictor.probability(np.fliplr(np.rot90(image, turns)) if flip else np.rot90(image, turns))]
    ]
    assert np.allclose(averaged, np.mean(views, axis=0), atol=1e-6)
    assert not np.allclose(averaged, predictor.probability(image), atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"engine": "tensorrt"}, "engine must be one of auto, torch, openvino, int8, got 'tensorrt'"),
        ({"engine": "int8"}, r"has no model_int8\.xml for the engine int8"),
    ],
)
def test_what_an_artifact_does_not_have_is_refused(artifact, arguments, rule):
    with pytest.raises(ValueError, match=rule):
        Predictor.load(artifact, **arguments)


def test_without_onnx_pytorch_serves_and_the_artifact_says_why(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    write_artifact(run, tmp_path / "plain")
    info = json.loads((tmp_path / "plain" / "artifact.json").read_text())
    assert "onnx" in info["engine"]["torch"]["reason"].lower()
    assert not (tmp_path / "plain" / "model.onnx").exists()
    assert isinstance(Predictor.load(tmp_path / "plain").engine, TorchEngine)
    with pytest.raises(ValueError, match="without an export there is no int8"):
        write_artifact(run, tmp_path / "int8", int8=True)


def test_only_a_finished_run_becomes_an_artifact_and_nothing_is_left_behind(run, tmp_path):
    record = RunRecord.load(run)
    for number, (changed, error, rule) in enumerate(
        [
            (replace(record, status="diverged"), ValueError, "is a diverged run"),
            (replace(record, checkpoint=None), ValueError, "kept no checkpoint.*train it again"),
            (replace(record, checkpoint="gone.ckpt"), FileNotFoundError, r"no such checkpoint: .*gone\.ckpt"),
        ]
    ):
        folder = tmp_path / f"run{number}"
        folder.mkdir()
        changed.save(folder)
        with pytest.raises(error, match=rule):
            write_artifact(folder, tmp_path / "artifact")
    assert {path.name for path in tmp_path.iterdir()} == {"run0", "run1", "run2"}


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


def test_a_file_that_the_manifest_does_not_list_is_refused_and_not_run(artifact):
    shutil.copyfile(artifact / "model.onnx", artifact / "model_int8.xml")
    with pytest.raises(ValueError, match=r"model_int8\.xml is not listed in manifest\.json"):
        Predictor.load(artifact)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("{}", r"\S+ is not listed in manifest\.json"),
        ("[1]", r"manifest\.json is damaged"),
        ("{", r"manifest\.json is damaged"),
    ],
)
def test_a_manifest_that_vouches_for_nothing_is_refused(artifact, content, rule):
    (artifact / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match=rule):
        Predictor.load(artifact)


def test_a_manifest_must_list_what_is_needed(artifact):
    (artifact / "artifact.json").unlink()
    vouch_for(artifact)
    with pytest.raises(ValueError, match=r"artifact\.json is missing"):
        Predictor.load(artifact)


def test_a_manifest_that_names_a_file_outside_is_refused(artifact):
    (artifact.parent / "secret").write_bytes(b"x")
    vouch_for(artifact)
    manifest = artifact / "manifest.json"
    listed = json.loads(manifest.read_text()) | {"../secret": hashlib.sha256(b"x").hexdigest()}
    manifest.write_text(json.dumps(listed))
    with pytest.raises(ValueError, match=r"\.\./secret is missing"):
        Predictor.load(artifact)


@pytest.mark.parametrize("shape", [(5, 384, 384), (64,), (4, 4, 4), (0, 4), (1, 2, 4, 3)])
def test_a_stack_is_not_taken_for_an_image(predictor, shape):
    with pytest.raises(ValueError, match=re.escape(f"(H, W) or (H, W, 3), got {shape}")):
        predictor.probability(np.zeros(shape, np.uint8))


def test_complex_numbers_are_not_an_image(predictor):
    with pytest.raises(ValueError, match="got complex64"):
        predictor.probability(np.zeros((4, 4), np.complex64))


@pytest.mark.slow
def test_int8_is_accepted_on_validation_images_whatever_the_test_images_say(run, tmp_path, monkeypatch):
    copy, record = tmp_path / "run", RunRecord.load(run)
    shutil.copytree(run, copy)
    for name in record.test.images:
        (copy / "test" / name / "truth.png").unlink()
    found = validation_goldens(copy, record, 32)
    assert len(found) == len(record.validation.images)
    for name, golden in zip(record.validation.images, found, strict=True):
        truth = read_image_file(copy / "validation" / name / "truth.png") > 0
        assert np.array_equal(golden.truth[: truth.shape[0], : truth.shape[1]], truth)
    monkeypatch.setattr("seg.inference.quantize.MIN_DICE", 0.0)
    monkeypatch.setattr("seg.inference.quantize.MAX_LOSS", 1.0)
    monkeypatch.setattr("seg.inference.predictor.GOLDEN_DICE", 0.0)
    write_artifact(copy, tmp_path / "artifact", int8=True)
    assert ArtifactInfo.load(tmp_path / "artifact").engine["int8"]["float_convolutions"] == 0
    shutil.rmtree(copy / "validation")
    with pytest.raises(ValueError, match="no validation pictures to check int8 on"):
        write_artifact(copy, tmp_path / "other", int8=True)


@pytest.mark.slow
def test_an_int8_model_that_the_service_would_refuse_is_refused_at_once(run, tmp_path, monkeypatch):
    monkeypatch.setattr("seg.inference.quantize.MIN_DICE", 0.0)
    monkeypatch.setattr("seg.inference.quantize.MAX_LOSS", 1.0)
    monkeypatch.setattr("seg.inference.predictor.GOLDEN_DICE", 1.1)
    with pytest.raises(ValueError, match=r"int8 costs too much accuracy: the golden image's mask .*without --int8"):
        write_artifact(run, tmp_path / "artifact", int8=True)
    assert not list(tmp_path.iterdir())


def test_validation_pictures_are_those_of_the_validation_images_alone(run):
    record = RunRecord.load(run)
    assert sorted(path.name for path in (run / "validation").iterdir()) == sorted(record.validation.images)
    truth = read_image_file(run / "validation" / record.validation.images[0] / "truth.png")
    assert set(np.unique(truth)) == {0, 255}


def test_inputs_are_continued_to_whole_strides_of_the_network(run):
    record = RunRecord.load(run)  # of images of 64 x 64
    shapes = {golden.image.shape[2:] for golden in validation_goldens(run, record, 48)}
    assert shapes == {(96, 96)}
    assert [image.shape[2:] for image in export_inputs(run, record, 48)][-2:] == [(96, 96), (48, 144)]


def test_a_service_compiles_one_model_when_it_starts(made, monkeypatch):
    core, compiled = openvino_core(), []

    class Counting:
        read_model = core.read_model

        def compile_model(self, model, *options):
            compiled.append(model.input(0).partial_shape.is_dynamic)
            return core.compile_model(model, *options)

    monkeypatch.setattr(engine, "openvino_core", Counting)
    Predictor.load(made, "openvino", any_size=True)
    assert compiled == [True]  # for images of any size
