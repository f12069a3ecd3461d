"""Callbacks of Lightning beside those of every run."""

import csv
import json
from pathlib import Path

import pytest

from seg.__main__ import main
from seg.record import RunRecord

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


@pytest.mark.slow
def test_averaged_weights_are_those_that_are_chosen(fit_args, tmp_path):
    accumulate = added("GradientAccumulationScheduler", scheduling={0: 3})
    assert main([*fit_args, LOSS, added("EMAWeightAveraging", decay=0.5), accumulate]) == 0
    record = RunRecord.load(tmp_path / "run" / "version_0")
    assert (record.status, record.steps) == ("finished", 2)


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
