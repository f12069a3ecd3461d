import json
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from losses import L2Loss
from seg.metrics.image_scores import ScoreTable
from seg.model.module import BoundaryModule
from seg.network.unet import NetworkConfig
from seg.training.run_checkpoint import RunCheckpoint

SMALL = {"encoder_depth": 3, "decoder_channels": [8, 8, 8]}


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


class Scripted(BoundaryModule):
    """A model with given scores of the validation images in each epoch."""

    def __init__(self, epochs: list[list[float]]) -> None:
        config = NetworkConfig(encoder="mobilenet_v2", encoder_weights=None, options=SMALL)
        super().__init__(config, L2Loss(), rank_by="instance_ap")
        self.epochs = epochs

    def training_step(self, batch, batch_idx):
        return 0 * next(self.network.parameters()).sum()

    def validation_step(self, batch, batch_idx):
        return batch

    def on_validation_epoch_end(self):
        scores = torch.tensor(self.epochs[self.current_epoch])
        self.tables["val"] = ScoreTable({}, {"instance_ap": scores})
        self.log("val/instance_ap", scores.mean())


#: Four images that differ, and what changes by chance from epoch to epoch.
BEST, NOISE = np.array([0.6, 0.5, 0.7, 0.4]), np.array([-0.02, 0.02, -0.03, 0.03])


def kept_epoch(folder: Path, epochs: list, first: int = 0, **options) -> str:
    """Train and return the epoch whose weights are kept; from `first` on in a training that resumes."""
    callback = RunCheckpoint(dirpath=folder, monitor="val/instance_ap", mode="max", save_last=True, **options)
    trainer = pl.Trainer(
        max_epochs=len(epochs),
        accelerator="cpu",
        callbacks=[callback],
        logger=False,
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    loader = DataLoader(torch.zeros(1, 1), batch_size=1)
    model = Scripted([list(map(float, scores)) for scores in epochs])
    trainer.fit(model, loader, loader, ckpt_path=folder / "last.ckpt" if first else None)
    assert Path(callback.best_model_path).exists()
    return Path(callback.best_model_path).name.split("-")[0]


@pytest.mark.parametrize(
    ("later", "epoch"),
    [
        pytest.param([BEST - 0.004 + NOISE], 2, id="worse by chance"),
        pytest.param([BEST - 0.05], 1, id="worse"),
        pytest.param([BEST - 0.05, BEST - 0.004 + NOISE, BEST - 0.05 - NOISE], 3, id="worse and not again"),
        pytest.param([BEST - 0.003 * n + NOISE for n in (1, 2, 3, 4, 5, 6)], 3, id="worse little by little"),
        pytest.param([BEST], 2, id="equal"),
        pytest.param([BEST * np.nan, BEST * np.nan], 1, id="no number"),
    ],
)
def test_the_last_epoch_is_kept_that_none_exceeds_by_more_than_chance(later, epoch, tmp_path):
    assert kept_epoch(tmp_path, [BEST - 0.3, BEST, *later]) == f"epoch={epoch}"
    assert len(list(tmp_path.glob("epoch=*"))) == 1


def test_a_training_that_resumes_knows_the_scores_of_the_best_epoch(tmp_path):
    epochs = [BEST - 0.3, BEST, BEST - 0.004 + NOISE, BEST - 0.02 + NOISE]
    kept_epoch(tmp_path, epochs[:3])
    assert kept_epoch(tmp_path, epochs, first=3) == "epoch=2"


def test_of_several_kept_epochs_the_best_is_lightnings(tmp_path):
    assert kept_epoch(tmp_path, [BEST - 0.3, BEST, BEST - 0.004 + NOISE], save_top_k=2) == "epoch=1"
