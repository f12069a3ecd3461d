"""Score the output of any tool with every metric."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from seg.data.annotation import Annotated, Annotation
from seg.data.labels import as_labels, boundaries_from_labels
from seg.data.predictions import pair_with_truth, shorten
from seg.data.reading import read_image_file
from seg.data.writing import write_file, written_boundary_value
from seg.metrics.rand import connected_cells
from seg.metrics.suite import Case, SuiteScores, score_cases

Picture = NDArray[Any]
Reader = Callable[[Picture, int, int], NDArray[np.float32]]


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
    pairs = pair_with_truth(args.predictions, args.truth, args.predicted)
    if pairs.not_predicted:
        print(f"not predicted and not scored: {shorten(pairs.not_predicted)}", file=sys.stderr)
    value = written_boundary_value(args.boundary_value) if pairs.by_seg_predict else args.boundary_value
    cases = []
    for name, (prediction_path, truth_path) in pairs.files.items():
        raw, prediction = _read(prediction_path, _PREDICTIONS[args.predicted], value, args.thickness)
        truth, cells, valid = _read_truth(truth_path, args)
        proposed_cells = _proposed_cells(raw, prediction, args.predicted)
        cases.append(Case(name, prediction, truth, cells, proposed_cells, valid))
    return cases


def _read_truth(path: Path, args: argparse.Namespace) -> Annotated:
    """Return the boundary, the cells of labels, and False at void pixels, which nobody annotated.

    Raises:
        ValueError: names the path.
    """
    picture = read_image_file(path)
    try:
        if args.void is None:
            boundary = _TRUTHS[args.true](picture, args.boundary_value, args.thickness) > 0
            return Annotated(boundary, as_labels(picture) if args.true == "labels" else None)
        annotation = Annotation(args.true, args.boundary_value, thickness_px=args.thickness, void=args.void)
        return annotation.of_whole(picture)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read(path: Path, reader: Reader, boundary_value: int, thickness_px: int) -> tuple[Picture, NDArray[np.float32]]:
    """Return the picture as it is and its boundary.

    Raises:
        ValueError: names the path.
    """
    picture = read_image_file(path)
    try:
        return picture, reader(picture, boundary_value, thickness_px)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _proposed_cells(raw: Picture, boundary: NDArray[np.float32], kind: str) -> NDArray[np.int32] | None:
    """Return the tool's own cells; None for probabilities, whose cells lie between boundaries."""
    if kind == "probability":
        return None
    return as_labels(raw) if kind == "labels" else connected_cells(boundary == 0)


def _from_mask(picture: Picture, boundary_value: int, _thickness_px: int) -> NDArray[np.float32]:
    levels = np.unique(picture)
    if picture.ndim != 2 or len(levels[levels != boundary_value]) > 1:
        raise ValueError(f"a mask has one channel and two values, one of them {boundary_value} (--boundary-value)")
    boundary: NDArray[np.float32] = (picture == boundary_value).astype(np.float32)
    return boundary


def _from_labels(picture: Picture, _boundary_value: int, thickness_px: int) -> NDArray[np.float32]:
    return boundaries_from_labels(as_labels(picture), thickness_px).astype(np.float32)


def _from_probability(picture: Picture, _boundary_value: int, _thickness_px: int) -> NDArray[np.float32]:
    full = np.iinfo(picture.dtype).max if picture.dtype.kind in "iu" else 1
    if picture.ndim != 2 or picture.min() < 0 or picture.max() > full:
        raise ValueError("a probability has one channel, from 0 to 1 or to the largest value of its type")
    probability: NDArray[np.float32] = (picture / full).astype(np.float32)
    return probability


_TRUTHS: dict[str, Reader] = {"mask": _from_mask, "labels": _from_labels}
_PREDICTIONS: dict[str, Reader] = _TRUTHS | {"probability": _from_probability}


def _table(scores: SuiteScores) -> Table:
    table = Table(
        "metric",
        "mean",
        "lowest",
        "highest",
        title="1 image" if len(scores.images) == 1 else f"{len(scores.images)} images",
    )
    for name, values in scores.metrics.items():
        table.add_row(name, f"{np.mean(values):.4f}", f"{min(values):.4f}", f"{max(values):.4f}")
    table.add_section()
    for name, value in scores.optimistic.items():
        table.add_row(f"{name} (threshold chosen on the truth)", f"{value:.4f}")
    return table
