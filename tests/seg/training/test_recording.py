"""What a run leaves: one `seg fit` whose weights are kept outside of its folder."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from seg.__main__ import main
from seg.data.reading import read_image_file
from seg.data.writing import decode_probability
from seg.instances.decoder import build_decoder
from seg.metrics.image_scores import THRESHOLDS, ImageScores
from seg.metrics.instance import instance_scores
from seg.metrics.suite import Case, score_cases
from seg.model.averaging import averaged, predict_images
from seg.model.module import BoundaryModule
from seg.record import RunRecord
from seg.training.cli import DataCLI
from seg.training.scored_case import read_case

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "jaccard.yaml"


@pytest.fixture(scope="module")
def args(tiny, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("recording")
    options = [
        f"--trainer.logger.save_dir={folder}",
        "--trainer.logger.name=run",
        "--trainer.enable_progress_bar=false",
    ]
    return [f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", f"--model.loss={LOSS}", *options]


@pytest.fixture(scope="module")
def run(args) -> Path:
    folder = Path(args[3].partition("=")[2])
    weights = f"--checkpoint.dirpath={folder / 'weights'}"
    assert main(["fit", *args, "--trainer.logger.version=one", weights]) == 0
    return folder / "run" / "one"


@pytest.fixture(scope="module")
def model(run) -> BoundaryModule:
    return BoundaryModule.load_from_checkpoint(RunRecord.load(run).checkpoint, hparams_file=run / "config.yaml")


def test_weights_outside_of_the_run_are_recorded_with_their_path(run):
    checkpoint = Path(RunRecord.load(run).checkpoint)
    assert checkpoint.is_absolute()
    assert checkpoint.parent == run.parents[1] / "weights"
    assert checkpoint.is_file()
    assert (run / "checkpoints" / "last.ckpt").is_file()


def test_instances_are_scored_against_the_labels_of_the_source(run, args):
    data = DataCLI(["fit", *args]).datamodule
    for name, batch in zip(RunRecord.load(run).test.images, data.test_dataloader(), strict=True):
        case = read_case(run / "test" / name, None)
        assert np.array_equal(case.cells, batch["labels"][0])
        assert case.cells.max() > 1
        perfect = Case(name, case.mask.astype(np.float32), case.mask, case.cells, proposed_cells=case.cells)
        assert score_cases([perfect], 0.5, 2.0).metrics["instance_pq"] == [1.0]


def test_the_record_holds_the_decoder_and_its_cells_are_kept(run):
    record = RunRecord.load(run)
    decoder = build_decoder(record.decoder)
    assert record.decoder_choice["metric"] == "cells_v_rand"  # synthetic tissue fills the plane
    for name, score in zip(record.test.images, record.test.metrics["instance_ap"], strict=True):
        case = read_case(run / "test" / name, decoder)
        assert np.array_equal(read_image_file(run / "test" / name / "cells.tif"), case.proposed_cells)
        assert instance_scores(case.proposed_cells, case.cells).ap == pytest.approx(score)


def test_without_labels_the_mask_gives_the_cells(run, tmp_path):
    folder = tmp_path / "image"
    shutil.copytree(run / "test" / RunRecord.load(run).test.images[0], folder)
    (folder / "labels.tif").unlink()
    assert read_case(folder, None).cells is None


def test_the_loaded_model_is_the_trained_one(run, model):
    state = torch.load(RunRecord.load(run).checkpoint, weights_only=True)["state_dict"]
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert (model.training, model.threshold.item()) == (False, state["threshold"].item())


def test_a_model_without_a_configuration_names_the_places(run):
    checkpoint = RunRecord.load(run).checkpoint
    with pytest.raises(FileNotFoundError, match=r"no config.yaml of the run .*weights/config.yaml or .*hparams_file"):
        BoundaryModule.load_from_checkpoint(checkpoint)


def test_averaged_predictions_have_their_own_threshold_from_validation(run, args, model):
    data = DataCLI(["fit", *args]).datamodule
    scores = ImageScores(tolerance_px=2.0)
    for batch in data.val_dataloader():
        scores.update(predict_images(batch["image"], averaged(model.network), model.network.stride_px), batch["mask"])
    threshold = RunRecord.load(run).threshold_tta
    assert threshold == model.threshold_tta == scores.compute().best_threshold("boundary_f1")
    assert np.float32(threshold) in THRESHOLDS


def test_predict_with_tta_uses_that_threshold(run, args, tmp_path):
    checkpoint = Path(RunRecord.load(run).checkpoint)
    other = 0.05 if RunRecord.load(run).threshold_tta != 0.05 else 0.1
    changed = torch.load(checkpoint, weights_only=True) | {"threshold_tta": other}
    torch.save(changed, tmp_path / "changed.ckpt")
    version = "--trainer.logger.version=predicted"
    assert main(["predict", *args, version, "--tta", f"--ckpt_path={tmp_path / 'changed.ckpt'}"]) == 0
    folder = run.parent / "predicted" / "predictions"
    for name in RunRecord.load(run).test.images:
        probability = decode_probability((folder / f"{name}_probability.png").read_bytes())
        sure = np.abs(probability - other) > 1e-4
        assert np.array_equal((read_image_file(folder / f"{name}_mask.png") > 0)[sure], (probability >= other)[sure])


def test_tta_without_a_threshold_is_refused_and_leaves_no_folder(run, args, tmp_path, capsys):
    checkpoint = torch.load(RunRecord.load(run).checkpoint, weights_only=True)
    del checkpoint["threshold_tta"]
    torch.save(checkpoint, tmp_path / "old.ckpt")
    version = "--trainer.logger.version=refused"
    assert main(["predict", *args, version, "--tta", f"--ckpt_path={tmp_path / 'old.ckpt'}"]) == 2
    assert "the checkpoint has no threshold for tta" in capsys.readouterr().err
    assert not (run.parent / "refused").exists()


def test_curves_survive_a_restart_after_the_last_epoch(run, args):
    curves, before = (run / "metrics.csv").read_bytes(), RunRecord.load(run)
    (run / "record.json").unlink()
    resume = [f"--ckpt_path={run / 'checkpoints' / 'last.ckpt'}", f"--checkpoint.dirpath={run.parents[1] / 'weights'}"]
    assert main(["fit", *args, "--trainer.logger.version=one", *resume]) == 0
    assert (run / "metrics.csv").read_bytes() == curves
    after = RunRecord.load(run)
    assert (after.test, after.threshold_tta) == (before.test, before.threshold_tta)
    assert after.start_gradient == before.start_gradient > 0
    assert json.loads((run / "record.json").read_text())["seconds"] == pytest.approx(before.seconds, abs=60)


def test_a_full_disk_is_named_with_the_way_to_resume(args, capsys):
    run = Path(args[3].partition("=")[2]) / "run" / "full"
    (run / "checkpoints").mkdir(parents=True)
    (run / "checkpoints" / "last.ckpt.partial").symlink_to("/dev/full")
    assert main(["fit", *args, "--trainer.logger.version=full"]) == 1
    error = capsys.readouterr().err
    assert f"seg fit: error: no space left on the disk of {run}, the run is not complete: free some" in error
    assert RunRecord.load(run).status == "failed"


def test_an_accelerator_that_is_not_there_is_one_sentence(args, capsys):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    run = Path(args[3].partition("=")[2]) / "run" / "gpu"
    assert main(["fit", *args, "--trainer.accelerator=gpu", "--trainer.logger.version=gpu"]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("seg fit: error: ")]
    assert "No supported gpu backend found" in line
    assert not run.exists()


def test_data_that_are_refused_leave_no_folder_but_one_that_was_there(args, capsys):
    folder = Path(args[3].partition("=")[2]) / "run"
    (folder / "there").mkdir(parents=True, exist_ok=True)
    assert main(["fit", *args, "--trainer.logger.version=there", "--data.split.init_args.val=9"]) == 2
    assert list((folder / "there").iterdir()) == []
    assert main(["fit", *args, "--trainer.logger.version=empty", "--data.split.init_args.val=9"]) == 2
    assert "seg fit: error: " in capsys.readouterr().err
    assert not (folder / "empty").exists()
    assert main(["fit", *args, "--trainer.logger.version=uneven", "--data.batch_size=0"]) == 2
    assert not (folder / "uneven").exists()


@pytest.mark.slow
def test_a_run_whose_last_step_spoils_the_weights_has_diverged_and_is_not_ranked(fit_args, tmp_path):
    options = ["--trainer.max_epochs=1", "--data.steps_per_epoch=1", "--model.schedule=null"]
    rate = "--model.optimizer={class_path: torch.optim.SGD, init_args: {lr: 1.0e+38}}"
    assert main([*fit_args, f"--model.loss={LOSS}", *options, rate]) == 0
    record = RunRecord.load(tmp_path / "run" / "version_0")
    assert (record.status, record.collapse) == ("diverged", "diverged")
    assert record.test is None
    assert "answer with NaN" in record.error
