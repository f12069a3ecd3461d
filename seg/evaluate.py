"""Score the output of any tool with every metric."""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from seg.data.folder import by_stem
from seg.data.labels import boundaries_from_labels
from seg.data.reading import read_image_file
from seg.data.writing import write_file
from seg.metrics.rand import connected_cells
from seg.metrics.suite import Case, SuiteScores, score_cases

Picture = NDArray[Any]
Reader = Callable[[Picture, argparse.Namespace], NDArray[np.float32]]


def evaluate(args: argparse.Namespace) -> None:
    """Score the predictions, print the table and, if requested, write the JSON file.

    Args:
        args: of the command line, see `seg.commands.add_evaluate`.

    Raises:
        FileNotFoundError: a folder does not exist or has no image.
        ValueError: a file has no counterpart, another size, or does not match the options.
    """
    cases = _read_cases(args)
    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task("scoring", total=len(cases))
        scores = score_cases(
            cases,
            args.threshold,
            args.tolerance,
            processes=min(os.cpu_count() or 1, 1 + len(cases) // 8),  # starting a process takes as long as a few images
            progress=lambda done: bars.update(task, completed=done),
        )
    Console().print(_table(scores))
    if args.out:
        write_file(args.out, json.dumps(asdict(scores), indent=1).encode())


def _read_cases(args: argparse.Namespace) -> list[Case]:
    predictions, truths = by_stem(args.predictions), by_stem(args.truth)
    if not predictions:
        raise FileNotFoundError(f"no PNG or TIFF image in {args.predictions}")
    alone = sorted(predictions.keys() ^ truths.keys())
    if alone:
        raise ValueError(f"without a counterpart of the same name: {', '.join(alone)}")
    return [_read_case(name, predictions[name][0], truths[name][0], args) for name in sorted(predictions)]


def _read_case(name: str, prediction_path: Path, truth_path: Path, args: argparse.Namespace) -> Case:
    raw = read_image_file(prediction_path)
    try:
        prediction = _PREDICTIONS[args.predicted](raw, args)
    except ValueError as error:
        raise ValueError(f"{prediction_path}: {error}") from error
    truth = read_image_file(truth_path)
    try:
        mask = _TRUTHS[args.true](truth, args) > 0
    except ValueError as error:
        raise ValueError(f"{truth_path}: {error}") from error
    return Case(
        name,
        prediction,
        mask,
        cells=truth.astype(np.int32) if args.true == "labels" else None,
        proposed_cells=_proposed_cells(raw, prediction, args.predicted),
    )


def _proposed_cells(raw: Picture, boundary: NDArray[np.float32], kind: str) -> NDArray[np.int32] | None:
    """Return the tool's own cells; None for probabilities, which the decoder turns into cells."""
    if kind == "probability":
        return None
    return raw.astype(np.int32) if kind == "labels" else connected_cells(boundary == 0)


def _from_mask(picture: Picture, args: argparse.Namespace) -> NDArray[np.float32]:
    levels = np.unique(picture)
    if picture.ndim != 2 or len(levels[levels != args.boundary_value]) > 1:
        raise ValueError(f"a mask has one channel and two values, one of them {args.boundary_value} (--boundary-value)")
    boundary: NDArray[np.float32] = (picture == args.boundary_value).astype(np.float32)
    return boundary


def _from_labels(picture: Picture, args: argparse.Namespace) -> NDArray[np.float32]:
    return boundaries_from_labels(picture, args.thickness).astype(np.float32)


def _from_probability(picture: Picture, _args: argparse.Namespace) -> NDArray[np.float32]:
    full = np.iinfo(picture.dtype).max if picture.dtype.kind in "iu" else 1
    if picture.ndim != 2 or picture.min() < 0 or picture.max() > full:
        raise ValueError("a probability has one channel, from 0 to 1 or to the largest value of its type")
    probability: NDArray[np.float32] = (picture / full).astype(np.float32)
    return probability


_TRUTHS: dict[str, Reader] = {"mask": _from_mask, "labels": _from_labels}
_PREDICTIONS: dict[str, Reader] = _TRUTHS | {"probability": _from_probability}


def _table(scores: SuiteScores) -> Table:
    table = Table("metric", "mean", "lowest", "highest", title=f"{len(scores.images)} images")
    for name, values in scores.metrics.items():
        table.add_row(name, f"{np.mean(values):.4f}", f"{min(values):.4f}", f"{max(values):.4f}")
    table.add_section()
    for name, value in scores.optimistic.items():
        table.add_row(f"{name} (threshold chosen on the truth)", f"{value:.4f}")
    return table
