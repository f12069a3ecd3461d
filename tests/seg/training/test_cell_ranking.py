"""A training whose epochs, decoder and place in the ranking are chosen by its cells."""

import csv
from pathlib import Path

import pytest

from seg.__main__ import main
from seg.instances.decoder import build_decoder
from seg.record import RunRecord
from seg.runs import rank_losses
from seg.training.cell_tuning import score_cells
from seg.training.ensemble import write_ensemble

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "jaccard.yaml"


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("by_cells")
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", f"--model.loss={LOSS}"]
    args += [f"--trainer.logger.save_dir={folder}", "--trainer.logger.name=run", "--model.rank_by=cells_v_rand"]
    assert main([*args, "--data.split.init_args.val=2", "--trainer.enable_progress_bar=false"]) == 0
    return folder / "run" / "version_0"


def test_epochs_are_ranked_by_cells(run):
    with (run / "metrics.csv").open(newline="") as file:
        values = [row["val/cells_v_rand"] for row in csv.DictReader(file) if row["val/cells_v_rand"]]
    assert len(values) == 2
    assert all(0 < float(value) <= 1 for value in values)


def test_validation_is_scored_with_the_decoder_that_it_chose(run):
    record = RunRecord.load(run)
    assert (record.rank_by, record.decoder_choice["metric"]) == ("cells_v_rand", "cells_v_rand")
    folders = [run / "validation" / name for name in record.validation.images]
    expected = score_cells(folders, build_decoder(record.decoder), "cells_v_rand")
    assert record.validation.metrics["cells_v_rand"] == pytest.approx(expected)
    assert record.decoder_choice["validation"] == pytest.approx(sum(expected) / len(expected))
    ((_, score),) = rank_losses([record])
    assert score == record.validation.mean("cells_v_rand")


def test_an_ensemble_is_ranked_by_its_cells(run, tmp_path):
    record = write_ensemble([run, run], tmp_path / "run")
    assert record.threshold == RunRecord.load(run).threshold  # by boundary F1
    assert record.validation.mean("cells_v_rand") == pytest.approx(record.decoder_choice["validation"])
    assert len(record.test.metrics["cells_v_rand"]) == 2
