"""docs/training.md works as written."""

import re
from pathlib import Path

import pytest
import yaml

from seg.__main__ import main
from seg.record import RunRecord

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_example_loads_a_trained_model(tiny, tmp_path, monkeypatch):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "training.md").read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    args = [f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", "--trainer.logger.save_dir=runs"]
    loss = f"--model.loss={ROOT / 'configs' / 'loss' / 'l2.yaml'}"
    best = "--checkpoint.save_top_k=-1"  # that of the last epoch, too
    assert main(["fit", *args, loss, best, "--trainer.enable_progress_bar=false"]) == 0
    names: dict = {}
    exec(example, names)
    assert names["boundary"].shape == (1, 1, 64, 64)
    assert not names["model"].training


@pytest.mark.slow
def test_the_example_of_early_stopping_averaging_clipping_and_accumulation_trains(fit_args, tmp_path):
    page = (ROOT / "docs" / "training.md").read_text()
    (example,) = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "EarlyStopping" in text]
    (tmp_path / "more.yaml").write_text(example)
    loss = f"--model.loss={ROOT / 'configs' / 'loss' / 'l2.yaml'}"
    assert main([*fit_args, f"--config={tmp_path / 'more.yaml'}", loss]) == 0
    record = RunRecord.load(tmp_path / "run" / "version_0")
    assert (record.status, record.steps) == ("finished", 4)  # 2 epochs of 3 batches, 2 batches per step
    trainer = record.config.raw["trainer"]
    assert trainer["gradient_clip_val"] == 1.0
    assert [callback["class_path"].rpartition(".")[2] for callback in trainer["callbacks"]][-2:] == [
        "EarlyStopping",
        "EMAWeightAveraging",
    ]


PAGE = (ROOT / "docs" / "training.md").read_text()
SCHEDULES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "schedule:" in text]


@pytest.mark.slow
@pytest.mark.parametrize("example", SCHEDULES, ids=["one cycle", "exponential", "plateau", "mean of weights"])
def test_every_example_of_a_schedule_trains(example, fit_args, tmp_path):
    (tmp_path / "more.yaml").write_text(example)
    loss = f"--model.loss={ROOT / 'configs' / 'loss' / 'l2.yaml'}"
    assert main([*fit_args, f"--config={tmp_path / 'more.yaml'}", loss]) == 0
    record = RunRecord.load(tmp_path / "run" / "version_0")
    schedule = yaml.safe_load(example)["model"]["schedule"]
    assert record.status == "finished"
    assert record.config.raw["model"]["schedule"] == schedule
