"""Chooses, after a training, how its probabilities become cells."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytorch_lightning as pl

from seg.data.case_files import read_input, read_mask, read_probabilities, read_true_cells, read_valid
from seg.data.module import BoundaryDataModule
from seg.instances.decoder import Decoder
from seg.instances.flood import Labels
from seg.instances.tuning import CellCase, CellScore, tune_decoder
from seg.instances.watershed import Foreground, WatershedDecoder
from seg.metrics.instance import instance_scores
from seg.metrics.rand import compare_cells
from seg.model.module import BoundaryModule
from seg.training.checkpoint_io import AtomicCheckpointIO, read_checkpoint

_SIDES: tuple[Foreground, ...] = ("bright", "dark")

#: Settings that are tried, the same number for every run.
TRIALS = 80

#: Validation images that settings are tried on; of more, these many at equal distances.
IMAGES = 24


def _instance_ap(cells: Labels, truth: Labels) -> float:
    return instance_scores(cells, truth).ap


def _v_rand(cells: Labels, truth: Labels) -> float:
    return compare_cells(truth, cells).v_rand


#: Of tissue, whose cells fill the plane, and of cells on a background: key of the metric, and the metric.
_TISSUE: tuple[str, CellScore] = ("cells_v_rand", _v_rand)
_NUCLEI: tuple[str, CellScore] = ("instance_ap", _instance_ap)

#: Tissue has less background than this share of the pixels.
_LEAST_BACKGROUND = 0.05


@dataclass(frozen=True)
class DecoderChoice:
    """How a decoder was chosen.

    Attributes:
        metric: key of the metric that decided.
        validation: its mean on the validation images.
        images: number of them.
        trials: number of settings tried.
        seconds: that it took.
    """

    metric: str
    validation: float
    images: int
    trials: int
    seconds: float


def choose_and_keep_decoder(
    trainer: pl.Trainer, model: BoundaryModule, folder: Path, checkpoint: Path
) -> DecoderChoice | None:
    """Tune the model's decoder on the validation images, and keep all that was chosen after the training.

    Args:
        trainer: of the run, after its final validation.
        model: holds the chosen weights; gets the decoder.
        folder: of the run.
        checkpoint: of the chosen weights; gets decoder and threshold of averaged predictions.

    Returns:
        How the decoder was chosen; None in all processes but the first.
    """
    choice = None
    if trainer.is_global_zero:
        data: BoundaryDataModule = trainer.datamodule  # type: ignore[attr-defined]
        folders = [folder / "validation" / name for name in data.describe()["val"]]
        model.decoder, choice = choose_decoder(folders, model.decoder)
        content = read_checkpoint(checkpoint)
        model.on_save_checkpoint(content)
        AtomicCheckpointIO().save_checkpoint(content, checkpoint)
    trainer.strategy.barrier()
    return choice


def choose_decoder(folders: Sequence[Path], start: Decoder | None) -> tuple[Decoder, DecoderChoice]:
    """Tune a decoder on validation images: by V_Rand where cells fill the plane, else by instance AP.

    Without labels all that is not boundary is a cell, so that cells fill the plane.

    Args:
        folders: of the validation images, as `seg.data.case_files.write_case` wrote them, at least one.
        start: from which to search; None: the usual ones for the channels and the ground truth at hand.
    """
    began = time.monotonic()
    step = max(1, -(-len(folders) // IMAGES))
    chosen = folders[::step]
    cases = [_read_case(folder) for folder in chosen]
    backgrounds = [(case.cells == 0) & ~read_mask(folder) for case, folder in zip(cases, chosen, strict=True)]
    shares = [
        background.mean(where=True if case.valid is None else case.valid)
        for background, case in zip(backgrounds, cases, strict=True)
    ]
    tissue = float(np.mean(shares)) < _LEAST_BACKGROUND
    metric, score = _TISSUE if tissue else _NUCLEI
    starts = [start] if start else _usual_starts(len(cases[0].probability), tissue)
    tuned = tune_decoder(starts, cases, score, TRIALS)
    seconds = round(time.monotonic() - began, 3)
    return tuned.decoder, DecoderChoice(metric, tuned.score, len(cases), tuned.trials, seconds)


def _read_case(folder: Path) -> CellCase:
    return CellCase(read_probabilities(folder), read_input(folder), read_true_cells(folder), read_valid(folder))


def _usual_starts(channels: int, tissue: bool) -> list[Decoder]:
    filling = [WatershedDecoder(foreground="all", seed_score=level, sigma_px=1.0) for level in (0.5, 0.9)]
    inside = (
        [
            WatershedDecoder(foreground="inside", seed_depth_px=depth, seed_score=0.4, min_size_px=10)
            for depth in (0, 0.5)
        ]
        if channels > 1
        else []
    )
    if channels > 2:
        inside += [replace(start, seeds="center", seed_score=0.5) for start in inside]
    if tissue:
        return [*filling, *inside]
    by_image = [WatershedDecoder(foreground=side, seed_score=0.9, sigma_px=0.0) for side in _SIDES]
    return [*(inside or by_image), *filling]
