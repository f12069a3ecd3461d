"""The trained network that a training starts from."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from seg.__main__ import main
from seg.data.scaling import IntensityScaling
from seg.inference.artifact_info import ArtifactInfo, NetworkInfo, Provenance
from seg.model.origin import Origin
from seg.network.unet import NetworkConfig, build_network

LOSS = f"--model.loss={Path(__file__).parents[3] / 'configs' / 'loss' / 'l2.yaml'}"


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    """The folder of a finished run with random initial weights."""
    folder = tmp_path_factory.mktemp("origin")
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", LOSS, "--trainer.max_epochs=1"]
    args += ["--model.network.encoder_weights=null", f"--trainer.logger.save_dir={folder}", "--trainer.logger.name=run"]
    assert main([*args, "--trainer.enable_progress_bar=false"]) == 0
    return folder / "run" / "version_0"


def network_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    return {name.removeprefix("network."): value for name, value in state.items() if name.startswith("network.")}


def best(run: Path) -> Path:
    (checkpoint,) = (run / "checkpoints").glob("epoch*.ckpt")
    return checkpoint


@pytest.mark.slow
@pytest.mark.parametrize("start", ["run", "checkpoint"])
def test_a_training_starts_from_the_weights_of_another(run, fit_args, tmp_path, start):
    origin = run if start == "run" else best(run)
    still = ["--model.optimizer.init_args.lr=1e-12", "--model.freeze.stages=encoder", "--trainer.max_epochs=1"]
    assert main([*fit_args, LOSS, f"--model.start_from={origin}", *still]) == 0
    before, after = network_of(best(run)), network_of(best(tmp_path / "run" / "version_0"))
    weights = [name for name in before if "running" not in name and "num_batches" not in name]
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in weights)
    encoder = [name for name in before if ".encoder." in name]
    assert all(torch.equal(before[name], after[name]) for name in encoder)  # statistics included


OPTIONS = {"decoder_channels": [16, 8, 8, 8, 8]}


def write_artifact(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    """Write the files of an artifact that a training reads, without exports."""
    network = NetworkInfo("unet", "tu-tf_efficientnet_lite0", 1, 1, OPTIONS)
    provenance = Provenance("l2", "losses.L2Loss", {}, 0, 3, "2026-01-01T00:00:00+00:00", None, "f" * 64, {})
    folder.mkdir()
    ArtifactInfo(network, 32, IntensityScaling(), 255, 0.5, "boundary_f1", {}, provenance).save(folder)
    save_file({name: value.contiguous() for name, value in weights.items()}, folder / "model.safetensors")


def test_an_artifact_and_a_tag_of_a_store_lead_to_the_same_weights(run, tmp_path, monkeypatch):
    expected = network_of(best(run))
    write_artifact(tmp_path / "artifact", expected)
    installed = tmp_path / "shelf-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1\n")
    (installed / "entry_points.txt").write_text("[seg.model_stores]\nshelf = shelf:find\n")
    code = f"from pathlib import Path\n\ndef find(tag):\n    return Path({str(tmp_path)!r}) / tag.partition(':')[2]\n"
    (tmp_path / "shelf.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    config = NetworkConfig(encoder_weights=None, options=OPTIONS)
    for start in (str(tmp_path / "artifact"), "shelf:artifact"):
        network = build_network(config, seed=7)
        Origin.find(start).load_into(network, config, start)
        assert all(torch.equal(value, expected[name]) for name, value in network.state_dict().items())


def test_everything_that_does_not_fit_is_named(run):
    config = NetworkConfig(encoder_weights=None, options={}, in_channels=3, classes=2, encoder="resnet18")
    with pytest.raises(ValueError, match="does not fit") as error:
        Origin.find(str(run)).load_into(build_network(replace(config)), config, "there")
    assert str(error.value) == (
        "start_from there does not fit: model.network.encoder is resnet18 here and was tu-tf_efficientnet_lite0 there; "
        "model.network.options is {} here and was {'decoder_channels': [16, 8, 8, 8, 8]} there; "
        "data.channels is 3 here and was 1 there; the number of data.targets is 2 here and was 1 there"
    )


def test_what_is_no_origin_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such run, checkpoint or artifact"):
        Origin.find(str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="holds neither a run"):
        Origin.find(str(tmp_path))
    with pytest.raises(ValueError, match='no model store "nowhere" is installed'):
        Origin.find("nowhere:latest")


def test_a_run_without_weights_is_refused(run, tmp_path):
    text = (run / "record.json").read_text().replace('"status": "finished"', '"status": "failed"')
    name = best(run).name
    (tmp_path / "record.json").write_text(text.replace(f'"checkpoints/{name}"', "null"))
    with pytest.raises(ValueError, match="is a failed run: it has no trained network"):
        Origin.find(str(tmp_path))


def test_the_content_of_the_origin_is_part_of_a_run_s_identity(run, tmp_path, tiny):
    from seg.compare.probe import fingerprints_of  # noqa: PLC0415

    copy = shutil.copytree(run, tmp_path / "copy")
    args = ("fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", LOSS)
    arguments = [(*args, f"--model.start_from={origin}") for origin in (run, copy)]
    same = set(fingerprints_of([*arguments]))
    assert len(same) == 1
    assert same.isdisjoint(fingerprints_of([args]))
    best(copy).write_bytes(b"other")
    assert len(same | set(fingerprints_of(arguments))) == 2
