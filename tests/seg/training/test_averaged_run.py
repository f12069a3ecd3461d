"""A run with `model.tta: true`: what is scored, predicted and promoted is averaged over flips and turns."""

from pathlib import Path

import numpy as np
import pytest
import torch

from seg.__main__ import main
from seg.data.case_files import read_input, read_probabilities
from seg.data.stored_input import read_picture
from seg.data.writing import decode_probability
from seg.inference.artifact import write_artifact
from seg.inference.predictor import Predictor
from seg.metrics.image_scores import ImageScores
from seg.model.averaging import averaged, predict_images
from seg.model.module import BoundaryModule
from seg.model.run_predictor import load_predict
from seg.record import RunRecord
from seg.training.cli import DataCLI

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "jaccard.yaml"


@pytest.fixture(scope="module")
def args(tiny, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("averaged")
    return [
        f"--config={tiny / 'base.yaml'}",
        f"--data={tiny / 'data.yaml'}",
        f"--model.loss={LOSS}",
        f"--trainer.logger.save_dir={folder}",
        "--trainer.logger.name=run",
        "--trainer.enable_progress_bar=false",
        "--model.tta=true",
    ]


@pytest.fixture(scope="module")
def run(args) -> Path:
    assert main(["fit", *args, "--trainer.logger.version=one"]) == 0
    return Path(args[3].partition("=")[2]) / "run" / "one"


@pytest.fixture(scope="module")
def artifact(run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("artifacts") / "averaged"
    write_artifact(run, folder)
    return folder


def _averaged(run: Path, images: torch.Tensor) -> torch.Tensor:
    record = RunRecord.load(run)
    model = BoundaryModule.load_from_checkpoint(run / record.checkpoint)
    return predict_images(images, averaged(model.network), model.network.stride_px)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_scores_and_pictures_are_of_averaged_predictions(run, args, split):
    record = RunRecord.load(run)
    assert (record.tta, record.used_threshold) == (True, record.threshold_tta)
    data, scores = DataCLI(["fit", *args]).datamodule, ImageScores(tolerance_px=2.0)
    scored, batches = {
        "validation": (record.validation, data.val_dataloader()),
        "test": (record.test, data.test_dataloader()),
    }[split]
    for batch in batches:
        mean = _averaged(run, batch["image"])
        for name, probability in zip(batch["name"], mean, strict=True):
            assert np.allclose(read_probabilities(run / split / name), probability, atol=1e-4)
        scores.update(mean, batch["mask"])
    table = scores.compute()
    assert scored.metrics["iou"] == pytest.approx(table.at(record.threshold_tta)["iou"].tolist())
    if split == "validation":
        assert record.threshold_tta == table.best_threshold("boundary_f1")


def test_the_threshold_of_plain_predictions_is_kept_beside_it(run):
    record = RunRecord.load(run)
    state = torch.load(run / record.checkpoint, weights_only=True)
    assert state["threshold_tta"] == record.threshold_tta
    assert state["state_dict"]["threshold"].item() == record.threshold


def test_the_run_predicts_averaged_without_being_asked(run, args):
    assert main(["predict", *args, "--trainer.logger.version=predicted", f"--ckpt_path={_checkpoint(run)}"]) == 0
    record = RunRecord.load(run)
    for name in record.test.images:
        found = decode_probability((run.parent / "predicted/predictions" / f"{name}_probability.png").read_bytes())
        stored = read_probabilities(run / "test" / name)[0]
        assert np.abs(found - stored).max() < 1e-3
        image = read_input(run / "test" / name)
        mean = _averaged(run, torch.from_numpy(image)[None])[0, 0]
        assert np.allclose(load_predict(run, record)(image), mean, atol=1e-6)


def test_the_artifact_averages_unless_it_is_told_not_to(run, artifact):
    predictor, name = Predictor.load(artifact), RunRecord.load(run).test.images[0]
    image = read_picture(run / "test" / name / "image.png")
    mean, plain = predictor.probabilities(image, tta=True), predictor.probabilities(image, tta=False)
    assert np.abs(mean - plain).max() > 0.01
    assert np.array_equal(predictor.probabilities(image), mean)
    assert np.array_equal(predictor.boundary(image), mean[0] >= predictor.info.threshold_tta)
    assert np.array_equal(predictor.boundary(image, tta=False), plain[0] >= predictor.info.threshold)
    assert np.array_equal(predictor.labels(image), predictor.decode(mean, image))


def test_the_configuration_for_the_final_model_averages_weights_and_predictions(tiny):
    configs = LOSS.parents[1]
    args = [f"--config={configs / 'base.yaml'}", f"--config={configs / 'long.yaml'}", f"--data={tiny / 'data.yaml'}"]
    command = DataCLI(["fit", *args, f"--model.loss={LOSS}"])
    assert command.model.tta
    assert command.trainer.max_epochs == 16
    assert any(type(callback).__name__ == "EMAWeightAveraging" for callback in command.trainer.callbacks)


def _checkpoint(run: Path) -> Path:
    return run / str(RunRecord.load(run).checkpoint)


def test_the_record_tells_what_averaging_brings_and_costs(run):
    record = RunRecord.load(run)
    assert record.averaging.averaged == pytest.approx(record.validation.mean("boundary_f1"))
    assert record.averaging.plain != record.averaging.averaged
    assert record.averaging.averaged_seconds > record.averaging.plain_seconds > 0
