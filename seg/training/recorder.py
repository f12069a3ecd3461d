"""Writes the record of a run."""

import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import yaml
from pytorch_lightning.cli import SaveConfigCallback
from pytorch_lightning.trainer.states import TrainerFn

from seg.data.module import BoundaryDataModule
from seg.instances.decoder import describe_decoder
from seg.metrics.image_scores import ScoreTable
from seg.metrics.suite import SuiteScores, score_cases
from seg.model.divergence import DivergedError
from seg.model.module import BoundaryModule
from seg.record import FILE_NAME, Averaging, RunData, RunRecord, SplitScores
from seg.run_config import RunConfig
from seg.training.cell_tuning import DecoderChoice
from seg.training.resume import run_folder
from seg.training.scored_case import read_case
from seg.training.start_gradient import StartGradient
from seg.training.stopwatch import Stopwatch
from seg.training.versions import versions


class RunRecorder(SaveConfigCallback):
    """Save the resolved configuration when a run starts, and its record when it ends or fails."""

    started = 0.0
    clock = 0.0
    seconds_before = 0.0
    seconds = 0.0
    steps = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path()
        self.choice: DecoderChoice | None = None
        self.averaging: Averaging | None = None
        self.stopwatch, self.gradient = Stopwatch(), StartGradient()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Save the configuration, unless the run resumes with the one that it has."""
        self.folder = run_folder(trainer)
        if not trainer.strategy.broadcast((self.folder / self.config_filename).exists()):
            super().setup(trainer, pl_module, stage)

    def state_dict(self) -> dict[str, Any]:
        """Return the start of the training (Unix time), its duration so far, in seconds, and its first gradients."""
        seconds = self.seconds_before + time.monotonic() - self.clock
        return {"started": self.started, "seconds": seconds, "gradients": self.gradient.lengths}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue the clock of an interrupted training."""
        self.started, self.seconds_before = state_dict["started"], state_dict["seconds"]
        self.gradient.lengths = state_dict.get("gradients", [])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start timing the first step."""
        self.stopwatch.begin("step")

    def on_before_optimizer_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Measure the first gradients."""
        self.gradient.add(pl_module)

    def on_train_batch_end(self, *_: Any) -> None:
        """Time a step, including the preparation of its batch."""
        self.stopwatch.end("step")
        self.stopwatch.begin("step")

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start timing a validation of the training."""
        self.stopwatch.begin("validation")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Time a validation of the training, not those after it, which may average over flips."""
        if trainer.state.fn == TrainerFn.FITTING:
            self.stopwatch.end("validation")

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self.clock = time.monotonic()
        self.started = self.started or time.time()
        if trainer.is_global_zero:
            (self.folder / FILE_NAME).unlink(missing_ok=True)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock before the final validation and test."""
        self._stop(trainer)

    def _stop(self, trainer: pl.Trainer) -> None:
        self.seconds, self.steps = self.seconds_before + time.monotonic() - self.clock, trainer.global_step

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Record a training that failed or was stopped."""
        if self.started and trainer.is_global_zero:
            self._record_failure(trainer, pl_module, exception)
        if isinstance(exception, DivergedError):  # on all devices: the first that ended would end the others
            trainer.strategy.barrier()

    def _record_failure(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        self._stop(trainer)
        status = "diverged" if isinstance(exception, DivergedError) else "failed"
        stopped = isinstance(exception, KeyboardInterrupt)
        reason = "stopped" if stopped else str(exception).split("\n", 1)[0] or type(exception).__name__
        try:
            self._save(trainer, module, status=status, checkpoint=None, error=reason)
        except OSError as error:
            print(f"{self.folder / FILE_NAME} could not be written: {error}", file=sys.stderr)

    def discard(self, folder: Path) -> None:
        """Remove the folder of a run that was refused before it started, if it holds nothing but its configuration."""
        config = folder / self.config_filename
        if self.started or not folder.is_dir() or [path for path in folder.iterdir() if path != config]:
            return
        if self.already_saved:
            config.unlink(missing_ok=True)
        if not config.exists():
            folder.rmdir()

    def record(
        self,
        trainer: pl.Trainer,
        pl_module: BoundaryModule,
        checkpoint: Path,
        choice: DecoderChoice | None,
        averaging: Averaging | None,
    ) -> None:
        """Record a complete training, after validation and perhaps test of the chosen weights.

        Args:
            trainer: of the run.
            pl_module: holds the scores.
            checkpoint: the chosen weights.
            choice: how the decoder of cells was chosen; None in a trial, which has none.
            averaging: what averaged predictions bring; None in a trial.
        """
        status, error = "finished" if "test" in pl_module.tables else "untested", None
        if pl_module.collapse == "diverged":
            status, error = "diverged", "the chosen weights answer with NaN: lower the learning rate or check the loss"
        self.choice, self.averaging = choice, averaging
        self._save(trainer, pl_module, status=status, checkpoint=checkpoint, error=error)

    def _save(self, trainer: pl.Trainer, module: Any, status: str, checkpoint: Path | None, error: str | None) -> None:
        data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
        described = data.describe()
        folder = self.folder
        finished = status == "finished"
        suite = _score_pictures(folder, described["test"], module) if finished else None
        config = yaml.safe_load((folder / self.config_filename).read_text(encoding="utf-8"))
        RunRecord(
            name=config["name"] or folder.name,
            loss=config["model"]["loss"]["class_path"],
            seed=module.seed,
            status=status,
            rank_by=module.rank_by,
            threshold=module.threshold.item(),
            threshold_tta=module.threshold_tta,
            tta=module.tta,
            validation=_scores(module, "val", described) if checkpoint else None,
            test=_scores(module, "test", described, suite.metrics) if suite else None,
            optimistic=suite.optimistic if suite else {},
            collapse=module.collapse,
            data=RunData(**described),
            versions=versions(),
            started=datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
            seconds=round(self.seconds, 3),
            start_gradient=self.gradient.mean(),
            timing=self.stopwatch.timing(),
            steps=self.steps,
            checkpoint=_relative(checkpoint, folder) if checkpoint else None,
            config=RunConfig.of(config),
            error=error,
            decoder=describe_decoder(module.decoder) if self.choice else None,
            decoder_choice=asdict(self.choice) if self.choice else {},
            averaging=self.averaging,
        ).save(folder)


def _relative(path: Path, folder: Path) -> str:
    """Return the path relative to the folder, absolute if it is elsewhere."""
    path, folder = path.resolve(), folder.resolve()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _scores(
    module: BoundaryModule, split: str, described: dict[str, Any], more: dict[str, list[float]] | None = None
) -> SplitScores:
    table: ScoreTable = module.tables[split]
    metrics = {name: values.tolist() for name, values in table.at(module.used_threshold).items()}
    return SplitScores(images=described[split], metrics=(more or {}) | metrics)


def _score_pictures(folder: Path, images: list[str], module: BoundaryModule) -> SuiteScores:
    """Score the test images with every metric, from the files of `seg.data.case_files`."""
    cases = [read_case(folder / "test" / name, module.decoder) for name in images]
    return score_cases(cases, module.used_threshold, module.tolerance_px)
