"""`seg fit | validate | test | predict`, as a user types them."""

import csv
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from seg.__main__ import main
from seg.data.reading import read_image_file
from seg.data.writing import decode_probability
from seg.record import RunRecord

LOSS = Path(__file__).parents[1] / "configs" / "loss"
JACCARD = f"--model.loss={LOSS / 'jaccard.yaml'}"


@pytest.fixture
def finished(fit_args, tmp_path) -> Path:
    assert main([*fit_args, JACCARD, "--model.loss.init_args.smooth", "7", "--seed_everything=3"]) == 0
    return tmp_path / "run" / "version_0"


def test_fit_leaves_config_record_curves_and_pictures(finished):
    config = yaml.safe_load((finished / "config.yaml").read_text())
    assert config["model"]["loss"] == {"class_path": "losses.JaccardLoss", "init_args": {"smooth": 7.0}}
    record = RunRecord.load(finished)
    assert (record.status, record.loss, record.seed, record.steps) == ("finished", "losses.JaccardLoss", 3, 6)
    assert record.config.raw["seed_everything"] == 3
    assert record.validation.images == ["synthetic-0002"]
    assert record.test.images == ["synthetic-0003", "synthetic-0004"]
    assert {len(values) for values in record.test.metrics.values()} == {2}
    assert (finished / record.checkpoint).is_file()
    with (finished / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows if row["val/boundary_f1"]] == ["0", "1"]
    for name in record.test.images:
        probability = decode_probability((finished / "test" / name / "probability.png").read_bytes())
        truth = read_image_file(finished / "test" / name / "truth.png")
        assert probability.shape == truth.shape == read_image_file(finished / "test" / name / "image.png").shape
        iou = record.test.metrics["iou"][record.test.images.index(name)]
        predicted, boundary = probability >= np.float32(record.threshold) - 1e-5, truth > 0
        assert iou == pytest.approx((predicted & boundary).sum() / (predicted | boundary).sum(), abs=0.01)


def test_the_threshold_is_in_the_checkpoint_and_nothing_in_it_needs_a_pickle(finished):
    record = RunRecord.load(finished)
    state = torch.load(finished / record.checkpoint, weights_only=True)["state_dict"]
    assert state["threshold"].item() == record.threshold
    assert not [key for key in state if key.startswith("loss.")]


def test_test_scores_the_checkpoint_as_the_record_says(finished, fit_args, tmp_path, capsys):
    record = RunRecord.load(finished)
    checkpoint = f"--ckpt_path={finished / record.checkpoint}"
    for command in ("test", "validate"):
        assert main([command, *fit_args[1:], JACCARD, checkpoint]) == 0
    shown = capsys.readouterr().out.splitlines()
    for split, scores in (("test", record.test), ("val", record.validation)):
        (line,) = (line for line in shown if line.startswith(f"{split} at threshold {record.threshold:.2f}:"))
        assert f" iou {scores.mean('iou'):.4f}" in line


def test_a_run_goes_on_in_its_folder_from_its_last_state_and_not_from_weights_alone(finished, capsys):
    before = RunRecord.load(finished)
    args = ["fit", f"--config={finished / 'config.yaml'}", f"--trainer.logger.version={finished.name}"]
    assert main([*args, f"--ckpt_path={finished / before.checkpoint}"]) == 1
    assert "holds a run: choose another" in capsys.readouterr().err
    assert main([args[0], args[1], f"--ckpt_path={finished / before.checkpoint}"]) == 2
    assert "holds weights alone: a training resumes from last.ckpt" in capsys.readouterr().err
    assert main([*args, f"--ckpt_path={finished / 'checkpoints' / 'last.ckpt'}"]) == 0
    after = RunRecord.load(finished)
    assert (after.test, after.steps, after.started) == (before.test, before.steps, before.started)


def test_predict_writes_masks_of_the_same_size_for_a_folder(finished, fit_args, tmp_path):
    images = tmp_path / "unseen"
    images.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (45, 33), dtype=np.uint8)).save(images / "cell.png")
    checkpoint = f"--ckpt_path={finished / RunRecord.load(finished).checkpoint}"
    assert main(["predict", *fit_args[1:], JACCARD, checkpoint, f"--data.predict={images}"]) == 0
    predictions = tmp_path / "run" / "version_1" / "predictions"
    mask = read_image_file(predictions / "cell_mask.png")
    probability = decode_probability((predictions / "cell_probability.png").read_bytes())
    assert mask.shape == probability.shape == (45, 33)
    threshold = RunRecord.load(finished).threshold
    sure = np.abs(probability - threshold) > 1e-4
    assert np.array_equal((mask == 255)[sure], (probability >= threshold)[sure])


def test_the_configuration_of_a_comparisons_run_predicts_beside_it(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run" / "seed-0")
    config = yaml.safe_load((run / "config.yaml").read_text())
    config["trainer"]["logger"]["init_args"]["version"] = "seed-0"  # as `seg compare` names it
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    before = {path: path.read_bytes() for path in run.rglob("*.*") if path.is_file()}
    images = tmp_path / "unseen"
    images.mkdir()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (45, 33), dtype=np.uint8)).save(images / "cell.png")
    checkpoint = f"--ckpt_path={run / RunRecord.load(run).checkpoint}"
    assert main(["predict", f"--config={run / 'config.yaml'}", checkpoint, f"--data.predict={images}"]) == 0
    assert (tmp_path / "run" / "version_1" / "predictions" / "cell_mask.png").is_file()
    assert {path: path.read_bytes() for path in run.rglob("*.*") if path.is_file()} == before


def test_a_run_folder_never_holds_two_runs(finished, fit_args, tmp_path, capsys):
    before = {path: path.read_bytes() for path in finished.rglob("*.*") if path.is_file()}
    assert main([*fit_args, JACCARD, "--trainer.logger.version=0"]) == 1
    assert {path: path.read_bytes() for path in finished.rglob("*.*") if path.is_file()} == before
    assert f"{finished} holds a run" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_run(fit_args, tmp_path):
    for _ in range(2):
        assert main([*fit_args, f"--model.loss={LOSS / 'perceptual.yaml'}"]) == 0
    first, second = (RunRecord.load(tmp_path / "run" / f"version_{n}") for n in range(2))
    assert first.test.metrics == second.test.metrics
    states = [
        torch.load(tmp_path / "run" / f"version_{n}" / record.checkpoint, weights_only=True)["state_dict"]
        for n, record in enumerate((first, second))
    ]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_the_terms_of_a_sum_are_logged_apart_and_their_weights_follow_the_training(fit_args, tmp_path):
    assert main([*fit_args, f"--model.loss={LOSS / 'boundary.yaml'}"]) == 0
    with (tmp_path / "run" / "version_0" / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["train/loss"]]
    steps = len(rows)
    assert steps == 6
    for row in rows:
        total, region, distance = (float(row[f"train/{name}"]) for name in ("loss", "region", "distance"))
        assert total == pytest.approx(region + 0.5 * int(row["step"]) / steps * distance, abs=1e-5)
    assert float(rows[-1]["train/distance"]) > 0


OWN_LOSS = """
from losses import SegmentationLoss

class AbsoluteLoss(SegmentationLoss):
    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale

    def per_image(self, logits, target):
        return self.scale * (logits.sigmoid() - target).abs().mean(dim=(1, 2, 3))

class NanLoss(SegmentationLoss):
    def per_image(self, logits, target):
        value = (logits.sigmoid() - target).square().mean(dim=(1, 2, 3))
        return value if self.progress < 0.3 else value * float("nan")  # from step 2 of 6

class FlatLoss(SegmentationLoss):
    def per_image(self, logits, target):
        return logits.mean()
"""


@pytest.fixture
def own_losses(tmp_path, monkeypatch):
    (tmp_path / "their_package.py").write_text(OWN_LOSS)
    monkeypatch.syspath_prepend(tmp_path)


def test_a_loss_of_your_own_works_by_its_class_path(own_losses, fit_args, tmp_path):
    own = ["--model.loss=their_package.AbsoluteLoss", "--model.loss.init_args.scale=2"]
    assert main([*fit_args, *own]) == 0
    record = RunRecord.load(tmp_path / "run" / "version_0")
    assert record.loss == "their_package.AbsoluteLoss"
    assert record.config.loss.init_args == {"scale": 2.0}


def test_a_loss_that_becomes_nan_stops_the_run_and_is_recorded(own_losses, fit_args, tmp_path, capsys):
    assert main([*fit_args, "--model.loss=their_package.NanLoss"]) == 1
    record = RunRecord.load(tmp_path / "run" / "version_0")
    assert (record.status, record.validation) == ("diverged", None)
    assert "the loss became nan at step 2" in record.error
    assert "seg fit: error: the loss became nan" in capsys.readouterr().err


def test_a_loss_that_does_not_fit_is_refused_before_the_first_epoch(own_losses, fit_args, tmp_path, capsys):
    assert main([*fit_args, "--model.loss=their_package.FlatLoss"]) == 2
    assert "FlatLoss: per_image must return one value per image" in capsys.readouterr().err


class Trap:
    def __reduce__(self):
        return (os.mkdir, ("trap_was_sprung",))


def test_a_checkpoint_that_would_execute_code_is_refused(fit_args, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {}, "trap": Trap()}, tmp_path / "evil.ckpt")
    assert main(["test", *fit_args[1:], JACCARD, f"--ckpt_path={tmp_path / 'evil.ckpt'}"]) == 2
    error = capsys.readouterr().err
    assert f"seg test: error: the checkpoint {tmp_path / 'evil.ckpt'} holds more than weights" in error
    assert not (tmp_path / "trap_was_sprung").exists()


WRONG = {
    "no such loss file": (["--model.loss=nowhere.yaml"], "--model.loss: no such file: nowhere.yaml"),
    "no such loss": (["--model.loss=losses.NoLoss"], "losses.NoLoss"),
    "not a loss": (["--model.loss=torch.nn.MSELoss"], "not correspond to a subclass of SegmentationLoss"),
    "unknown option": ([JACCARD, "--trainer.max_epoches=3"], "max_epoches"),
    "unknown argument of the loss": ([JACCARD, "--model.loss.init_args.smoth=7"], "smoth"),
    "value of the wrong type": ([JACCARD, "--trainer.max_epochs=many"], "many"),
    "value out of range": (
        [JACCARD, "--model.loss.init_args.smooth=-3"],
        "smooth must be > 0 pixels and finite, got -3",
    ),
    "metric that cannot rank": ([JACCARD, "--model.rank_by=loss"], "rank_by"),
    "no such network": ([JACCARD, "--model.network.architecture=unot"], "cannot build unot"),
}


@pytest.mark.parametrize(("more", "part"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_one_sentence_and_exit_code_2(fit_args, capsys, more, part):
    try:
        code = main([*fit_args, *more])
    except SystemExit as exit_:
        code = exit_.code
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("seg")]
    assert code == 2
    assert len(errors) == 1
    assert part in errors[0]


def test_a_missing_data_folder_is_named(fit_args, tiny, tmp_path, capsys):
    data = yaml.safe_load((tiny / "data.yaml").read_text())
    arguments = {"root": "/nowhere", "masks": "masks", "boundary_value": 0}
    data["source"] = {"class_path": "seg.data.folder.ImageFolder", "init_args": arguments}
    (tmp_path / "folder.yaml").write_text(yaml.safe_dump(data))
    assert main([*fit_args, JACCARD, f"--data={tmp_path / 'folder.yaml'}"]) == 2
    assert "seg fit: error: no such folder: /nowhere/images" in capsys.readouterr().err


def test_the_traceback_is_shown_on_demand(fit_args, capsys, monkeypatch):
    monkeypatch.setenv("SEG_TRACEBACK", "1")
    assert main([*fit_args, JACCARD, "--model.loss.init_args.smooth=-3"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_print_config_shows_the_resolved_configuration(fit_args, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([*fit_args, JACCARD, "--print_config"])
    assert exit_.value.code == 0
    assert yaml.safe_load(capsys.readouterr().out)["model"]["loss"]["class_path"] == "losses.JaccardLoss"


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    for command in ("fit", "validate", "test", "predict", "compare", "report", "promote", "serve"):
        assert f"\n    {command} " in text


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert (exit_.value.code, capsys.readouterr().out) == (0, f"septum {version('septum')}\n")


@pytest.mark.parametrize("args", [[], ["nonsense"], ["report"], ["report", "x", "--nonsense"]])
def test_a_command_that_does_not_exist_is_wrong_usage(args, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(args)
    assert exit_.value.code == 2
    assert "seg" in capsys.readouterr().err


def test_python_dash_m_seg_is_the_same_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "seg", "report", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("seg report: error: no run (record.json) in")
