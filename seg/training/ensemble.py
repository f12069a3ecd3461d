"""Several runs as one: the mean of their probabilities, with its own threshold and decoder."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from seg.data.case_files import read_mask, read_probabilities, read_valid, write_probabilities
from seg.instances.decoder import build_decoder, describe_decoder
from seg.metrics.image_scores import ImageScores, ScoreTable
from seg.metrics.suite import score_cases
from seg.metrics.table import METRICS, threshold_metric
from seg.network.weights import read_network_weights
from seg.record import RunRecord, SplitScores
from seg.training.cell_tuning import choose_decoder, score_cells
from seg.training.scored_case import read_case

CHECKPOINT = "checkpoints/ensemble.ckpt"


def write_ensemble(runs: Sequence[Path], folder: Path) -> RunRecord:
    """Write runs as one run, from which an artifact can be made like from any other.

    Nothing is trained or predicted again: threshold and decoder are chosen on the mean of the runs' validation
    pictures, and scores are of the mean of their test pictures.

    Args:
        runs: folders of finished runs, at least two, of the same network and data.
        folder: to be written.

    Returns:
        The record of the ensemble: that of the first run but for its weights, choices and scores.

    Raises:
        ValueError: names what the runs do not have in common.
    """
    records = [RunRecord.load(run) for run in runs]
    _check_alike(runs, records)
    first = records[0]
    assert first.validation is not None
    assert first.test is not None
    _join_weights(runs, records, folder / CHECKPOINT)
    if (runs[0] / "calibration").is_dir():  # for int8 alone
        shutil.copytree(runs[0] / "calibration", folder / "calibration")
    for split, scores in (("validation", first.validation), ("test", first.test)):
        for name in scores.images:
            shutil.copytree(runs[0] / split / name, folder / split / name)
            mean = np.mean([read_probabilities(run / split / name) for run in runs], axis=0)
            write_probabilities(folder / split / name, mean.astype(np.float32))
    members = [f"{record.name}, seed {record.seed}" for record in records]
    record = _judge(folder, replace(first, checkpoint=CHECKPOINT, members=members))
    record.save(folder)
    return record


def _check_alike(runs: Sequence[Path], records: Sequence[RunRecord]) -> None:
    first = records[0]
    for run, record in zip(runs, records, strict=True):
        if record.status != "finished" or record.validation is None or record.test is None:
            raise ValueError(f"{run} is a {record.status} run: an ensemble takes finished ones")
        different = [
            name
            for name, value, other in (
                ("network", record.config.network, first.config.network),
                ("scaling of images", record.config.scaling, first.config.scaling),
                ("data or split", record.data.fingerprint, first.data.fingerprint),
                ("ranking metric", record.rank_by, first.rank_by),
                ("test-time augmentation", record.tta, first.tta),
            )
            if value != other
        ]
        if different:
            raise ValueError(f"{run} and {runs[0]} differ in {', '.join(different)}: an ensemble cannot have both")


def _join_weights(runs: Sequence[Path], records: Sequence[RunRecord], path: Path) -> None:
    state: dict[str, Tensor] = {}
    for number, (run, record) in enumerate(zip(runs, records, strict=True)):
        weights = read_network_weights(run / str(record.checkpoint))
        state |= {f"network.members.{number}.{name}": value for name, value in weights.items()}
    path.parent.mkdir(parents=True)
    torch.save({"state_dict": state}, path)


def _judge(folder: Path, record: RunRecord) -> RunRecord:
    """Choose threshold and decoder on validation and score the test images with them."""
    assert record.validation is not None
    assert record.test is not None
    names = {"validation": record.validation.images, "test": record.test.images}
    folders = {split: [folder / split / name for name in images] for split, images in names.items()}
    tables = {split: _score(paths, record) for split, paths in folders.items()}
    threshold = tables["validation"].best_threshold(record.rank_by)
    start = record.config.raw["model"].get("decoder")
    decoder, choice = choose_decoder(folders["validation"], build_decoder(start) if start else None, record.rank_by)
    if METRICS[record.rank_by].of_cells:
        for split, paths in folders.items():
            scores = score_cells(paths, decoder, record.rank_by)
            tables[split].overall[record.rank_by] = torch.tensor(scores)
    suite = score_cases([read_case(path, decoder) for path in folders["test"]], threshold, record.config.tolerance_px)
    metrics = {
        split: {name: values.tolist() for name, values in table.at(threshold).items()}
        for split, table in tables.items()
    }
    return replace(
        record,
        threshold=threshold,
        threshold_tta=threshold if record.tta else None,
        validation=SplitScores(names["validation"], metrics["validation"]),
        test=SplitScores(names["test"], suite.metrics | metrics["test"]),
        optimistic=suite.optimistic,
        decoder=describe_decoder(decoder),
        decoder_choice=asdict(choice),
    )


def _score(folders: Sequence[Path], record: RunRecord) -> ScoreTable:
    scores = ImageScores(record.config.tolerance_px, threshold_metric(record.rank_by))
    for folder in folders:
        boundary, mask = read_probabilities(folder)[None, :1], read_mask(folder)[None, None]
        valid = read_valid(folder)
        known = None if valid is None else torch.from_numpy(valid[None, None])
        scores.update(torch.from_numpy(boundary), torch.from_numpy(mask), known)
    return scores.compute()
