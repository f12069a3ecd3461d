import json
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from seg.training.run_checkpoint import RunCheckpoint


def checkpoint(folder: Path) -> RunCheckpoint:
    """Return the callback of a run in `folder`."""
    callback = RunCheckpoint(dirpath=folder, monitor="val/iou", mode="max")
    callback.setup(pl.Trainer(logger=False, accelerator="cpu", default_root_dir=folder), pl.LightningModule(), "fit")
    return callback


@pytest.fixture
def state(tmp_path) -> dict:
    old = checkpoint(tmp_path / "old")
    best, score = str(tmp_path / "old" / "epoch=3.ckpt"), torch.tensor(0.5)
    old.best_model_path = old.kth_best_model_path = best
    old.best_model_score, old.best_k_models, old.kth_value = score, {best: score}, score
    return old.state_dict()


def test_the_state_names_no_folder(state, tmp_path):
    assert str(tmp_path) not in json.dumps(state, default=str)
    assert state["best_model_path"] == "epoch=3.ckpt"


def test_a_moved_run_keeps_its_best_epoch(state, tmp_path):
    moved = checkpoint(tmp_path / "new")
    moved.load_state_dict(state)
    best = str(tmp_path / "new" / "epoch=3.ckpt")
    assert moved.best_model_path == moved.kth_best_model_path == best
    assert moved.best_k_models == {best: torch.tensor(0.5)}
    assert (moved.best_model_score, moved.kth_value, moved.last_model_path) == (
        torch.tensor(0.5),
        torch.tensor(0.5),
        "",
    )


class Resumed(pl.LightningModule):
    """Has nothing to train."""


def test_a_run_that_resumes_in_another_folder_takes_its_best_weights_along(state, tmp_path):
    (tmp_path / "old").mkdir(exist_ok=True)
    (tmp_path / "old" / "epoch=3.ckpt").write_bytes(b"weights")
    new, trainer = checkpoint(tmp_path / "new"), pl.Trainer(logger=False, accelerator="cpu", enable_checkpointing=False)
    new.load_state_dict(state)
    with pytest.raises(FileNotFoundError, match=r"the best weights so far are missing: .*new/epoch=3.ckpt"):
        new.on_fit_start(trainer, Resumed())
    trainer.ckpt_path = str(tmp_path / "old" / "last.ckpt")
    new.on_fit_start(trainer, Resumed())
    assert (tmp_path / "new" / "epoch=3.ckpt").read_bytes() == b"weights"
