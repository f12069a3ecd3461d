"""docs/training.md works as written."""

import re
from pathlib import Path

import pytest

from seg.__main__ import main

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
