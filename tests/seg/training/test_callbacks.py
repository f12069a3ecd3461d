"""Callbacks of Lightning beside those of every run."""

import csv
import json
import re
from pathlib import Path

import pytest
import torch

from seg.__main__ import main
from seg.metrics.image_scores import ImageScores
from seg.model.module import BoundaryModule
from seg.record import RunRecord
from seg.training.cli import DataCLI

LOSS = f"--model.loss={Path(__file__).parents[3] / 'configs' / 'loss' / 'l2.yaml'}"
CALLBACKS = "pytorch_lightning.callbacks"


def added(name: str, **init_args: object) -> str:
    callback = {"class_path": f"{CALLBACKS}.{name}", "init_args": init_args}
    return f"--trainer.callbacks+={json.dumps(callback)}"


@pytest.mark.slow
def test_callbacks_that_watch_work_together(fit_args, tmp_path):
    bar = "--trainer.enable_progress_bar=true"
    stop = added("EarlyStopping", monitor="val/boundary_f1", mode="max", min_delta=1.0, patience=1)
    watch = [added("LearningRateMonitor"), added("RichProgressBar"), added("DeviceStatsMonitor", cpu_stats=True)]
    assert main([*fit_args, LOSS, bar, stop, *watch, "--trainer.max_epochs=5"]) == 0
    run = tmp_path / "run" / "version_0"
    assert RunRecord.load(run).steps == 2 * 3
    with (run / "metrics.csv").open(newline="") as file:
        assert "lr-AdamW" in next(csv.reader(file))


def test_averaged_weights_are_those_that_are_kept(fit_args, tmp_path):
    accumulate = added("GradientAccumulationScheduler", scheduling={0: 3})
    args = [*fit_args, LOSS, "--model.optimizer.init_args.lr=0.03", "--trainer.max_epochs=2"]
    assert main([*args, added("EMAWeightAveraging", decay=0.7), accumulate]) == 0
    run = tmp_path / "run" / "version_0"
    record = RunRecord.load(run)
    assert (record.status, record.steps) == ("finished", 2)
    with (run / "metrics.csv").open(newline="") as file:
        briers = {row["epoch"]: float(row["val/brier"]) for row in csv.DictReader(file) if row["val/brier"]}
    kept = re.match(r"checkpoints/epoch=(\d+)-", record.checkpoint)
    model, scores = BoundaryModule.load_from_checkpoint(run / record.checkpoint), ImageScores(tolerance_px=2.0)
    with torch.inference_mode():
        for batch in DataCLI(args).datamodule.val_dataloader():
            scores.update(model(batch["image"]), batch["mask"])
    assert scores.compute().overall["brier"].mean().item() == pytest.approx(briers[kept[1]], rel=1e-4)


@pytest.mark.parametrize(
    ("callback", "way"),
    [
        (added("LearningRateFinder"), "give --model.optimizer.init_args.lr"),
        (added("BatchSizeFinder"), "give --data.batch_size"),
        (added("StochasticWeightAveraging", swa_lrs=0.01), "take seg.training.weight_mean.WeightMean"),
        (added("RichProgressBar"), "enable_progress_bar"),
    ],
)
def test_a_callback_that_does_not_fit_is_one_sentence_and_leaves_no_folder(fit_args, tmp_path, capsys, callback, way):
    assert main([*fit_args, LOSS, callback]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("seg fit: error: ")]
    assert way in line
    assert not (tmp_path / "run").exists()
