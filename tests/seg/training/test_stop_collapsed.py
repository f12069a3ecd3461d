import json
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn

from seg.__main__ import main
from seg.record import FILE_NAME, RunRecord
from seg.training.stop_collapsed import StopCollapsed

LOSS = Path(__file__).parents[3] / "configs" / "loss" / "l2.yaml"
EPOCHS = 4


class Verdict(pl.LightningModule):
    """What the callback looks at."""

    def __init__(self, collapse: str) -> None:
        super().__init__()
        self.collapse = collapse


def options(patience: int, learning_rate: float) -> list[str]:
    """A rate of zero keeps the network as it was born, which is a collapsed one."""
    callback = {"class_path": "seg.training.stop_collapsed.StopCollapsed", "init_args": {"patience": patience}}
    return [
        f"--model.loss={LOSS}",
        f"--trainer.max_epochs={EPOCHS}",
        "--trainer.logger.version=one",
        f"--model.optimizer.init_args.lr={learning_rate}",
        "--model.network.encoder_weights=null",
        f"--trainer.callbacks+={json.dumps(callback)}",
    ]


def verdicts(run: Path) -> list[float]:
    lines = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
    column = lines[0].index("val/collapse")
    return [float(line[column]) for line in lines[1:] if line[column]]


@pytest.mark.slow
def test_a_collapsed_training_stops_and_is_not_taken_up_again(fit_args, tmp_path):
    args, run = [*fit_args, *options(2, 0.0)], tmp_path / "run" / "one"
    assert main(args) == 0
    record = RunRecord.load(run)
    assert (record.status, record.steps) == ("finished", 2 * 3)
    assert len(verdicts(run)) == 2
    assert 0.0 not in verdicts(run)
    (run / FILE_NAME).unlink()
    last = run / "checkpoints" / "last.ckpt"
    assert main([*args, f"--ckpt_path={last}"]) == 0
    assert RunRecord.load(run).steps == 2 * 3
    assert torch.load(last, weights_only=True)["callbacks"]["StopCollapsed"] == {"collapsed": 2}


def test_a_recovered_network_is_counted_anew():
    trainer, callback, stopped = pl.Trainer(logger=False, enable_checkpointing=False), StopCollapsed(2), []
    trainer.state.fn = TrainerFn.FITTING
    for verdict in ("black", "none", "white", "constant"):
        callback.on_validation_end(trainer, Verdict(verdict))
        stopped.append(trainer.should_stop)
    assert stopped == [False, False, False, True]


def test_patience_must_be_positive():
    with pytest.raises(ValueError, match="patience must be >= 1, got 0"):
        StopCollapsed(0)
