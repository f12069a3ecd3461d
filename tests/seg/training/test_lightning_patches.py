"""Parts of Lightning that are not its public interface are still where seg/training/lightning_patches.py uses them."""

import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import pytorch_lightning as pl
from pytorch_lightning.cli import LightningCLI
from pytorch_lightning.loggers import CSVLogger
from torch.utils.data import DataLoader

from seg.training.lightning_patches import (
    SegLauncher,
    begin_epoch_afresh,
    forget_batches,
    launch_with,
    read_curves,
    restore_curves,
)

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
CHANGED = "Lightning has changed: adapt seg/training/lightning_patches.py"


class Inspected(pl.LightningModule):
    """Trains nothing; shows the trainer's loops while they run."""

    def __init__(self, look) -> None:
        super().__init__()
        self.look = look

    def on_train_epoch_start(self) -> None:
        self.look(self.trainer)

    def training_step(self, batch, batch_idx) -> None:
        """Skip the step."""

    def configure_optimizers(self) -> None:
        """Optimize nothing."""


def inspect_during_fit(look, tmp_path) -> None:
    logger = CSVLogger(tmp_path, name="run", version="one")
    options = {"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", logger=logger, log_every_n_steps=1, **options)
    trainer.fit(Inspected(look), DataLoader([0, 1, 2]))


def test_the_installed_version_is_below_the_bound_of_pyproject():
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    assert [line for line in extras["train"] if line.startswith("pytorch-lightning")] == [
        "pytorch-lightning>=2.6.6,<2.7"
    ]
    assert metadata.version("pytorch-lightning").startswith("2.6."), CHANGED


@pytest.mark.parametrize("method", ["_prepare_subcommand_parser", "_parse_ckpt_path", "_run_subcommand"])
def test_the_private_methods_of_the_command_line_are_there(method):
    assert callable(getattr(LightningCLI, method, None)), f"{CHANGED}: LightningCLI.{method} is gone"


def test_further_devices_are_started_with_the_arguments_of_the_run(monkeypatch):
    commands = []

    class Started:
        def __init__(self, command, **options) -> None:
            commands.append(command)

    monkeypatch.setattr("subprocess.Popen", Started)
    for variable in ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.setenv(variable, "0")  # restored after the test
        monkeypatch.delenv(variable)
    options = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer, argv = pl.Trainer(accelerator="cpu", devices=2, **options), list(sys.argv)
    launch_with(trainer, ["fit", "--name=run"])
    assert isinstance(trainer.strategy.launcher, SegLauncher), f"{CHANGED}: Strategy._launcher is gone"
    trainer.strategy.launcher._call_children_scripts()
    assert commands == [[sys.executable, "-m", "seg.__main__", "fit", "--name=run"]], CHANGED
    assert sys.argv == argv


def test_the_fit_loop_has_what_resuming_changes(tmp_path):
    seen = {}

    def look(trainer: pl.Trainer) -> None:
        loop = trainer.fit_loop
        names = ("restarting", "is_resuming", "_data_fetcher", "epoch_loop")
        seen["missing"] = [name for name in names if not hasattr(loop, name)]
        seen["can_reset"] = callable(getattr(loop.epoch_loop, "reset", None))
        begin_epoch_afresh(trainer)
        forget_batches(trainer)
        seen["batches"] = loop.epoch_loop.batch_progress.current.ready

    inspect_during_fit(look, tmp_path)
    assert seen == {"missing": [], "can_reset": True, "batches": 0}, CHANGED


def test_curves_are_restored_into_a_new_csv_logger(tmp_path):
    written = []

    def write(trainer: pl.Trainer) -> None:
        trainer.logger.log_metrics({"loss": 0.5}, step=1)
        written.append(read_curves(trainer))

    def go_on(trainer: pl.Trainer) -> None:
        restore_curves(trainer, written[0])
        trainer.logger.log_metrics({"loss": 0.25, "score": 1.0}, step=2)
        written.append(read_curves(trainer))

    inspect_during_fit(write, tmp_path)
    inspect_during_fit(go_on, tmp_path)
    assert written[0].splitlines() == ["loss,step", "0.5,1"], CHANGED
    assert written[1].splitlines() == ["loss,score,step", "0.5,,1", "0.25,1.0,2"], CHANGED
