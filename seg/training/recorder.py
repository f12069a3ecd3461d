"""Writes the record of a run."""

import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import yaml
from pytorch_lightning.cli import SaveConfigCallback

from seg.data.module import BoundaryDataModule
from seg.data.reading import read_image_file
from seg.data.writing import decode_probability
from seg.metrics.image_scores import ScoreTable
from seg.metrics.suite import Case, SuiteScores, score_cases
from seg.model.module import BoundaryModule, DivergedError
from seg.record import FILE_NAME, RunData, RunRecord, SplitScores
from seg.run_config import RunConfig
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
        self.stopwatch = Stopwatch()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Save the configuration, unless the run resumes with the one that it has."""
        if not (_folder(trainer) / self.config_filename).exists():
            super().setup(trainer, pl_module, stage)

    def state_dict(self) -> dict[str, float]:
        """Return the start of the training (Unix time) and its duration so far, in seconds."""
        return {"started": self.started, "seconds": self.seconds_before + time.time() - self.clock}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Continue the clock of an interrupted training."""
        self.started, self.seconds_before = state_dict["started"], state_dict["seconds"]

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start timing the first step."""
        self.stopwatch.begin("step")

    def on_train_batch_end(self, *_: Any) -> None:
        """Time a step, including the preparation of its batch."""
        self.stopwatch.end("step")
        self.stopwatch.begin("step")

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start timing the validation."""
        self.stopwatch.begin("validation")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Time the validation."""
        self.stopwatch.end("validation")

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self.clock = time.time()
        self.started = self.started or self.clock
        (_folder(trainer) / FILE_NAME).unlink(missing_ok=True)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock before the final validation and test."""
        self._stop(trainer)

    def _stop(self, trainer: pl.Trainer) -> None:
        self.seconds, self.steps = self.seconds_before + time.time() - self.clock, trainer.global_step

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Record a training that failed or was stopped."""
        if self.started:
            self._stop(trainer)
            status = "diverged" if isinstance(exception, DivergedError) else "failed"
            stopped = isinstance(exception, KeyboardInterrupt)
            reason = "stopped" if stopped else str(exception).split("\n", 1)[0] or type(exception).__name__
            self._save(trainer, pl_module, status=status, checkpoint=None, error=reason)

    def record(self, trainer: pl.Trainer, pl_module: BoundaryModule, checkpoint: Path) -> None:
        """Record a complete training, after validation and perhaps test of the chosen weights.

        Args:
            trainer: of the run.
            pl_module: holds the scores.
            checkpoint: the chosen weights, in the run's folder.
        """
        status = "finished" if "test" in pl_module.tables else "untested"
        self._save(trainer, pl_module, status=status, checkpoint=checkpoint, error=None)

    def _save(self, trainer: pl.Trainer, module: Any, status: str, checkpoint: Path | None, error: str | None) -> None:
        data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
        described = data.describe()
        folder = _folder(trainer)
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
            validation=_scores(module, "val", described) if checkpoint else None,
            test=_scores(module, "test", described, suite.metrics) if suite else None,
            optimistic=suite.optimistic if suite else {},
            collapse=module.collapse,
            data=RunData(**described),
            versions=versions() | _revision(),
            started=datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
            seconds=round(self.seconds, 3),
            timing=self.stopwatch.timing(),
            steps=self.steps,
            checkpoint=str(checkpoint.relative_to(folder)) if checkpoint else None,
            config=RunConfig.of(config),
            error=error,
        ).save(folder)


def _folder(trainer: pl.Trainer) -> Path:
    return Path(trainer.log_dir or trainer.default_root_dir)


def _scores(
    module: BoundaryModule, split: str, described: dict[str, Any], more: dict[str, list[float]] | None = None
) -> SplitScores:
    table: ScoreTable = module.tables[split]
    metrics = {name: values.tolist() for name, values in table.at(module.threshold.item()).items()}
    return SplitScores(images=described[split], metrics=(more or {}) | metrics)


def _score_pictures(folder: Path, images: list[str], module: BoundaryModule) -> SuiteScores:
    """Score the pictures that the test has written, with every metric."""
    cases = [
        Case(
            name=name,
            probability=decode_probability((folder / "test" / name / "probability.png").read_bytes()),
            mask=read_image_file(folder / "test" / name / "truth.png") > 0,
        )
        for name in images
    ]
    return score_cases(cases, module.threshold.item(), module.scores.tolerance_px)


def _revision() -> dict[str, str]:
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return {"git": revision.stdout.strip()} if revision.returncode == 0 else {}
