"""Writes the record of a run."""

import subprocess
import time
from datetime import UTC, datetime
from importlib import metadata
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
from seg.record import RunRecord, SplitScores

_PACKAGES = ("septum", "torch", "pytorch-lightning", "segmentation-models-pytorch", "timm", "albumentations", "numpy")


class RunRecorder(SaveConfigCallback):
    """Save the resolved configuration when a run starts, and its record when it ends, well or badly."""

    started = 0.0
    seconds = 0.0
    steps = 0

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self.started = time.time()

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock before the final validation and test."""
        self.seconds, self.steps = time.time() - self.started, trainer.global_step

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Record a training that broke off."""
        if self.started:
            self.seconds, self.steps = time.time() - self.started, trainer.global_step
            status = "diverged" if isinstance(exception, DivergedError) else "failed"
            reason = str(exception).split("\n", 1)[0] or type(exception).__name__
            self._save(trainer, pl_module, status=status, checkpoint=None, error=reason)

    def record(self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: Path) -> None:
        """Record a finished run, after validation and test of the chosen weights."""
        self._save(trainer, pl_module, status="finished", checkpoint=checkpoint, error=None)

    def _save(self, trainer: pl.Trainer, module: Any, status: str, checkpoint: Path | None, error: str | None) -> None:
        data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
        described = data.describe()
        folder = Path(trainer.log_dir or trainer.default_root_dir)
        finished = status == "finished"
        suite = _score_pictures(folder, described["test"], module) if finished else None
        config = yaml.safe_load(self.parser.dump(self.config, skip_none=False))
        RunRecord(
            name=config["name"] or folder.name,
            loss=config["model"]["loss"]["class_path"],
            seed=module.seed,
            status=status,
            rank_by=module.rank_by,
            threshold=module.threshold.item(),
            validation=_scores(module, "val", described) if finished else None,
            test=_scores(module, "test", described, suite.metrics) if suite else None,
            optimistic=suite.optimistic if suite else {},
            collapse=module.collapse,
            data=described,
            versions=_versions(),
            started=datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
            seconds=round(self.seconds, 3),
            steps=self.steps,
            checkpoint=str(checkpoint.relative_to(folder)) if checkpoint else None,
            config=config,
            error=error,
        ).save(folder)


def _scores(
    module: BoundaryModule, split: str, described: dict[str, Any], more: dict[str, list[float]] | None = None
) -> SplitScores:
    table: ScoreTable = module.tables[split]
    metrics = {name: values.tolist() for name, values in table.at(module.threshold.item()).items()}
    return SplitScores(images=described[split], metrics=(more or {}) | metrics)


def _score_pictures(folder: Path, images: list[str], module: BoundaryModule) -> SuiteScores:
    """Score what the test has written with every metric."""
    cases = [
        Case(
            name=name,
            probability=decode_probability((folder / "test" / name / "probability.png").read_bytes()),
            mask=read_image_file(folder / "test" / name / "truth.png") > 0,
        )
        for name in images
    ]
    return score_cases(cases, module.threshold.item(), module.scores.tolerance_px)


def _versions() -> dict[str, str]:
    versions = {package: metadata.version(package) for package in _PACKAGES}
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return versions | ({"git": revision.stdout.strip()} if revision.returncode == 0 else {})
