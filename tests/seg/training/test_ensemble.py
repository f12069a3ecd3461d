"""An ensemble of two runs: the second is a copy of the first with other weights and what they predict."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from seg.__main__ import main
from seg.data.case_files import read_input, read_probabilities, write_probabilities
from seg.data.stored_input import read_picture
from seg.inference.artifact import write_artifact
from seg.inference.engine import OpenVinoEngine
from seg.inference.predictor import Predictor
from seg.instances.decoder import build_decoder
from seg.model.averaging import NetworkEngine, predict_images
from seg.model.module import BoundaryModule
from seg.model.origin import Origin
from seg.record import RunRecord
from seg.runs import choose_members, find_runs
from seg.training.ensemble import write_ensemble

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "jaccard.yaml"
SPLITS = ("validation", "test")


@pytest.fixture(scope="module")
def runs(tiny, tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("members")
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", f"--model.loss={LOSS}"]
    args += [f"--trainer.logger.save_dir={folder}", "--trainer.logger.name=run", "--data.targets=[boundary, inside]"]
    assert main([*args, "--trainer.enable_progress_bar=false"]) == 0
    first = folder / "run" / "version_0"
    second = shutil.copytree(first, folder / "run" / "version_1")
    record = RunRecord.load(first)
    checkpoint = torch.load(second / record.checkpoint, weights_only=True)
    last = "network.network.segmentation_head.0.bias"
    checkpoint["state_dict"][last] += torch.tensor([1.0, -1.0])
    torch.save(checkpoint, second / record.checkpoint)
    replace(record, seed=1).save(second)
    for split in SPLITS:
        for case in (second / split).iterdir():
            write_probabilities(case, _predict(second, case))
    return [first, second]


@pytest.fixture(scope="module")
def ensemble(runs, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ensemble") / "run"
    write_ensemble(runs, folder)
    return folder


def _predict(run: Path, case: Path) -> np.ndarray:
    model = BoundaryModule.load_from_checkpoint(run / RunRecord.load(run).checkpoint)
    image = torch.from_numpy(read_input(case))[None]
    return predict_images(image, NetworkEngine(model.network), model.network.stride_px)[0].numpy()


@pytest.mark.parametrize("split", SPLITS)
def test_pictures_are_the_mean_of_the_members(runs, ensemble, split):
    for case in (ensemble / split).iterdir():
        members = [read_probabilities(run / split / case.name) for run in runs]
        assert np.abs(read_probabilities(case) - np.mean(members, axis=0)).max() < 1e-4
        assert np.abs(members[0] - members[1]).max() > 0.1


def test_scores_threshold_and_cells_are_its_own(runs, ensemble):
    record, first = RunRecord.load(ensemble), RunRecord.load(runs[0])
    assert record.members == [f"{first.name}, seed {seed}" for seed in (0, 1)]
    for name, score in zip(record.test.images, record.test.metrics["iou"], strict=True):
        boundary = read_probabilities(ensemble / "test" / name)[0] >= record.threshold
        truth = read_picture(ensemble / "test" / name / "truth.png") > 0
        assert score == pytest.approx((boundary & truth).sum() / (boundary | truth).sum(), abs=1e-3)
    assert record.test.metrics["iou"] != first.test.metrics["iou"]
    assert record.decoder_choice["trials"] > 1


def test_the_artifact_answers_with_the_mean_in_one_graph(runs, ensemble, tmp_path):
    write_artifact(ensemble, tmp_path / "artifact")
    image = np.random.default_rng(0).integers(0, 255, (70, 101), dtype=np.uint8)
    predictor = Predictor.load(tmp_path / "artifact")
    assert isinstance(predictor.engine, OpenVinoEngine)
    assert (predictor.info.network.members, len(predictor.info.provenance.members)) == (2, 2)
    alone = []
    for number, run in enumerate(runs):
        write_artifact(run, tmp_path / f"alone_{number}")
        alone.append(Predictor.load(tmp_path / f"alone_{number}").probabilities(image))
    assert np.abs(predictor.probabilities(image) - np.mean(alone, axis=0)).max() < 1e-5
    assert np.allclose(
        Predictor.load(tmp_path / "artifact", "torch").probabilities(image), np.mean(alone, axis=0), atol=1e-5
    )
    assert predictor.decoder == build_decoder(RunRecord.load(ensemble).decoder)


def test_a_training_cannot_start_from_an_ensemble(ensemble, tmp_path):
    write_artifact(ensemble, tmp_path / "artifact")
    with pytest.raises(ValueError, match=r"is the mean of 2 networks.* give the folder of a run \(version_0, seed 0; "):
        Origin.find(str(tmp_path / "artifact"))


def test_members_are_all_of_a_loss_or_the_best(runs):
    found = find_runs(runs[0].parent)
    assert sorted(choose_members(found)) == runs
    assert sorted(choose_members(found, count=2)) == runs
    for count, many in ((3, 3), (1, 1)):
        with pytest.raises(ValueError, match=rf"at least 2 runs, {many} are asked for and 2 finished"):
            choose_members(found, count=count)
    with pytest.raises(ValueError, match="no finished run of loss dice"):
        choose_members(found, "dice")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rank_by": "iou"}, "ranking metric"),
        ({"tta": True}, "test-time augmentation"),
        ({"status": "failed"}, "is a failed run"),
    ],
)
def test_runs_that_do_not_fit_are_refused_by_name(runs, tmp_path, change, named):
    other = shutil.copytree(runs[1], tmp_path / "other")
    replace(RunRecord.load(other), **change).save(other)
    with pytest.raises(ValueError, match=re.escape(named)):
        write_ensemble([runs[0], other], tmp_path / "ensemble")
    assert not (tmp_path / "ensemble").exists()


def test_runs_of_other_data_are_refused(runs, tmp_path):
    other = shutil.copytree(runs[1], tmp_path / "other")
    record = RunRecord.load(other)
    replace(record, data=replace(record.data, fingerprint="0")).save(other)
    with pytest.raises(ValueError, match="differ in data or split"):
        write_ensemble([runs[0], other], tmp_path / "ensemble")
