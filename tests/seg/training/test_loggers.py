"""Other loggers by configuration alone, as README shows them."""

import csv
from pathlib import Path

import pytest
import yaml

from seg.__main__ import main
from seg.record import RunRecord

CSV_LOGGER = "pytorch_lightning.loggers.CSVLogger"
LOSS = Path(__file__).parents[3] / "configs" / "loss" / "l2.yaml"


def fit(tiny: Path, folder: Path, logger: str, **init_args: str) -> list[float]:
    """Train with a second logger and return the curve of the first one."""
    loggers = [
        {"class_path": CSV_LOGGER, "init_args": {"save_dir": str(folder), "name": "run", "version": "one"}},
        {"class_path": f"pytorch_lightning.loggers.{logger}", "init_args": init_args},
    ]
    (folder / "loggers.yaml").write_text(yaml.safe_dump({"trainer": {"logger": loggers}}))
    args = [
        "fit",
        f"--config={tiny / 'base.yaml'}",
        f"--data={tiny / 'data.yaml'}",
        f"--config={folder / 'loggers.yaml'}",
    ]
    assert main([*args, f"--model.loss={LOSS}", "--trainer.enable_progress_bar=false"]) == 0
    assert RunRecord.load(folder / "run" / "one").status == "finished"
    with (folder / "run" / "one" / "metrics.csv").open(newline="") as file:
        return [float(row["val/boundary_f1"]) for row in csv.DictReader(file) if row["val/boundary_f1"]]


@pytest.mark.slow
def test_tensorboard_gets_the_same_curves(tiny, tmp_path):
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    curve = fit(tiny, tmp_path, "TensorBoardLogger", save_dir=str(tmp_path / "tensorboard"))
    (file,) = (tmp_path / "tensorboard").rglob("events.*")
    board = events.EventAccumulator(str(file)).Reload()
    assert [event.value for event in board.Scalars("val/boundary_f1")] == pytest.approx(curve)
    assert len(curve) == 2


@pytest.mark.slow
def test_mlflow_gets_the_same_curves(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    curve = fit(tiny, tmp_path, "MLFlowLogger", experiment_name="cells", tracking_uri=uri)
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("cells").experiment_id])
    history = client.get_metric_history(run.info.run_id, "val/boundary_f1")
    assert [metric.value for metric in history] == pytest.approx(curve)
