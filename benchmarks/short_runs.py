"""Short trainings in one process, without files, decoder and all metrics but those of a validation."""

import logging
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, overload

import albumentations
import pytorch_lightning as pl
import torch
from torch import Tensor

from losses import BceLoss, CompositeLoss, DiceLoss
from losses.composite import Term
from seg.data.folder import ImageFolder
from seg.data.module import BoundaryDataModule
from seg.data.sample import Sample, Source
from seg.data.split import BlockSplit, GroupSplit, Split
from seg.data.targets import Target
from seg.model.fine_tuning import Freeze
from seg.model.module import BoundaryModule
from seg.model.schedule import OneCycle
from seg.network.unet import NetworkConfig
from seg.record import RunData, RunRecord, SplitScores
from seg.run_config import RunConfig

SIDE_PX, CROP_PX, BATCH = 256, 128, 4

Scores = dict[str, list[float]]


class Loaded(Source):
    """Samples that are read once, the upper left part of each, with at most `SIDE_PX` pixels a side."""

    def __init__(self, source: Source) -> None:
        self.samples = [sample.window((slice(0, SIDE_PX), slice(0, SIDE_PX))) for sample in source]

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        return self.samples[index]


#: Data set -> files below its folder, split, and targets.
DATA: dict[str, tuple[Callable[[Path], Source], Split, tuple[Target, ...]]] = {
    "isbi2012": (
        lambda root: ImageFolder(root, "images", masks="masks", boundary_value=0),
        BlockSplit(val=3, test=5),
        ("boundary",),
    ),
    "dsb2018": (
        lambda root: ImageFolder(root, "images", labels="labels", only_channels=1),
        GroupSplit(val_share=0.03, test_share=0.1),
        ("boundary", "inside"),
    ),
}


def quiet() -> None:
    """Leave out what Lightning says of each training."""
    warnings.filterwarnings("ignore")
    for name in ("pytorch_lightning", "lightning", "lightning.pytorch", "lightning_utilities.core.rank_zero"):
        logging.getLogger(name).setLevel(logging.ERROR)


def data_module(source: Source, split: Split, targets: Sequence[Target], seed: int, **more: Any) -> BoundaryDataModule:
    return BoundaryDataModule(
        source,
        split,
        [albumentations.D4(p=1.0), albumentations.RandomBrightnessContrast(p=0.5)],
        targets=targets,
        crop_px=CROP_PX,
        batch_size=BATCH,
        seed=seed,
        **more,
    )


def new_model(
    targets: Sequence[Target], seed: int, weights: str | None = "packaged", frozen: Any = None
) -> BoundaryModule:
    """Return the model of configs/base.yaml with cross-entropy + Dice."""
    network = NetworkConfig(
        encoder_weights=weights, classes=len(targets), options={"decoder_channels": [128, 64, 32, 16, 8]}
    )
    return BoundaryModule(
        network,
        CompositeLoss({"bce": Term(BceLoss()), "dice": Term(DiceLoss())}),
        partial(torch.optim.AdamW, lr=0.003, weight_decay=0.0001),
        OneCycle(),
        freeze=Freeze(frozen) if frozen else None,
        seed=seed,
    )


def fit(model: BoundaryModule, data: BoundaryDataModule) -> tuple[Scores, Scores]:
    """Train for one epoch; return the scores of the validation and of the test images, at a threshold of the former."""
    options: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(max_epochs=1, limit_val_batches=0, enable_model_summary=False, accelerator="cpu", **options)
    trainer.fit(model, datamodule=data)
    judge = pl.Trainer(accelerator="cpu", **options)
    judge.validate(model, datamodule=data, verbose=False)
    judge.test(model, datamodule=data, verbose=False)
    tables = [model.tables[split].at(model.threshold.item()) for split in ("val", "test")]
    found = [{metric: _listed(values) for metric, values in table.items()} for table in tables]
    return found[0], found[1]


def _listed(values: Tensor) -> list[float]:
    return [float(value) for value in values]


def record_of(name: str, model: BoundaryModule, data: BoundaryDataModule, scores: tuple[Scores, Scores]) -> RunRecord:
    """Return a record that the analysis of comparisons reads.

    Args:
        name: of the arm.
        model: trained.
        data: that it saw.
        scores: of validation and test.
    """
    seen = RunData(**data.describe())
    freeze = {"freeze": {"stages": model.freeze_stages.stages}} if model.freeze_stages else {}
    network = {"encoder_weights": model.network_config.encoder_weights}
    raw = {
        "model": {
            "loss": {"class_path": "losses.CompositeLoss"},
            "schedule": None,
            "network": network,
            "tolerance_px": 2.0,
        }
        | freeze,
        "data": {
            "scaling": {},
            "channels": 1,
            "steps_per_epoch": data.steps_per_epoch,
            "train_images": data.train_images,
        },
        "trainer": {"max_epochs": 1},
    }
    return RunRecord(
        name,
        "losses.CompositeLoss",
        model.seed,
        "finished",
        "boundary_f1",
        model.threshold.item(),
        SplitScores(seen.val, scores[0]),
        SplitScores(seen.test, scores[1]),
        seen,
        versions={},
        started="",
        seconds=0.0,
        steps=data.steps_per_epoch,
        checkpoint=None,
        config=RunConfig.of(raw),
    )
