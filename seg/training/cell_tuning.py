"""Chooses, after a training, how its probabilities become cells."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch

from seg.data.case_files import read_input, read_mask, read_probabilities, read_true_cells, read_valid
from seg.data.module import BoundaryDataModule
from seg.instances.decoder import Decoder
from seg.instances.starts import background_share, fills_the_plane, usual_decoders
from seg.instances.tuning import CellCase, tune_decoder
from seg.metrics.table import METRICS
from seg.model.checkpoint_io import AtomicCheckpointIO, read_checkpoint
from seg.model.module import BoundaryModule

#: Settings that are tried, the same number for every run.
TRIALS = 80

#: Validation images that settings are tried on, and their pixels, at most; of more, as many at equal distances.
IMAGES, PIXELS = 24, 1 << 22


#: The metric by which decoders are chosen where no metric of cells ranks: of tissue, and of cells on a background.
_TISSUE, _NUCLEI = "cells_v_rand", "instance_ap"


@dataclass(frozen=True)
class DecoderChoice:
    """How a decoder was chosen.

    Attributes:
        metric: key of the metric that decided.
        validation: its mean on the validation images.
        error: the standard error of that mean over these images; None for one image.
        images: number of them.
        trials: number of settings tried.
        seconds: that it took.
    """

    metric: str
    validation: float
    error: float | None
    images: int
    trials: int
    seconds: float


def choose_and_keep_decoder(
    trainer: pl.Trainer, model: BoundaryModule, folder: Path, checkpoint: Path
) -> DecoderChoice | None:
    """Tune the model's decoder on the validation images, and keep all that was chosen after the training.

    Args:
        trainer: of the run, after its final validation.
        model: holds the chosen weights; gets the decoder, and its scores on validation where a metric of cells ranks.
        folder: of the run.
        checkpoint: of the chosen weights; gets decoder and threshold of averaged predictions.

    Returns:
        How the decoder was chosen; None in all processes but the first.
    """
    choice = None
    if trainer.is_global_zero:
        data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
        folders = [folder / "validation" / name for name in data.describe()["val"]]
        model.decoder, choice = choose_decoder(folders, model.search_from, model.rank_by)
        if METRICS[model.rank_by].of_cells:
            scores = score_cells(folders, model.decoder, model.rank_by)
            model.tables["val"].overall[model.rank_by] = torch.tensor(scores)
        content = read_checkpoint(checkpoint)
        model.on_save_checkpoint(content)
        AtomicCheckpointIO().save_checkpoint(content, checkpoint)
    trainer.strategy.barrier()
    return choice


def choose_decoder(folders: Sequence[Path], start: Decoder | None, rank_by: str) -> tuple[Decoder, DecoderChoice]:
    """Tune a decoder on validation images.

    The metric of cells that ranks decides; where none does, V_Rand for cells that fill the plane, else instance AP.
    Without labels all that is not boundary is a cell, so that cells fill the plane.

    Args:
        folders: of the validation images, as `seg.data.case_files.write_case` wrote them, at least one.
        start: from which to search; None: the usual ones for the channels and the ground truth at hand.
        rank_by: the metric that ranks.
    """
    began = time.monotonic()
    chosen = _sample(folders)
    cases = [_read_case(folder) for folder in chosen]
    backgrounds = [
        background_share(case.cells, read_mask(folder), case.valid) for case, folder in zip(cases, chosen, strict=True)
    ]
    tissue = fills_the_plane(float(np.mean(backgrounds)))
    metric = rank_by if METRICS[rank_by].of_cells else _TISSUE if tissue else _NUCLEI
    starts = [start] if start else usual_decoders(len(cases[0].probability), tissue)
    tuned = tune_decoder(starts, cases, METRICS[metric].compare_cells, TRIALS)
    seconds = round(time.monotonic() - began, 3)
    return tuned.decoder, DecoderChoice(metric, tuned.score, tuned.error, len(cases), tuned.trials, seconds)


def score_cells(folders: Sequence[Path], decoder: Decoder, metric: str) -> list[float]:
    """Return a metric of cells of each image.

    Args:
        folders: of the images.
        decoder: makes the cells.
        metric: its key.
    """
    return [_read_case(folder).score(decoder, METRICS[metric].compare_cells) for folder in folders]


def _sample(folders: Sequence[Path]) -> Sequence[Path]:
    """Return the images that settings are tried on, at least three where there are so many."""
    size = float(np.mean([read_mask(folder).size for folder in folders]))
    count = min(IMAGES, max(3, int(PIXELS / size)))
    return folders[:: max(1, -(-len(folders) // count))]


def _read_case(folder: Path) -> CellCase:
    return CellCase(read_probabilities(folder), read_input(folder), read_true_cells(folder), read_valid(folder))
