"""Scores of answers without training on the test images, once per comparison."""

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import seg
from seg.analysis.untrained import Answer, Image, Mask, untrained_answers
from seg.data.case_files import IMAGE, read_mask, read_valid
from seg.data.reading import read_image_file
from seg.data.writing import write_file
from seg.metrics.suite import Case, score_cases
from seg.record import RunRecord, read_json

Scores = dict[str, dict[str, list[float]]]


def score_baselines(folder: Path, runs: dict[Path, RunRecord]) -> Scores:
    """Score the baselines on the test images, once per comparison: baselines.json keeps the result.

    Args:
        folder: of the comparison.
        runs: folder -> record; the test images are those of the first finished one with pictures.

    Returns:
        Baseline -> metric -> one value per image; empty where no run has pictures.
    """
    pictured = pictured_runs(runs)
    if not pictured:
        return {}
    records = [record for _, record in pictured]
    about = {
        "fingerprint": [record.data.fingerprint for record in records],
        "images": baseline_images(runs),
        "tolerance_px": records[0].config.tolerance_px,
        "rank_by": records[0].rank_by,
        "code": _code(),
    }
    return _kept(folder / "baselines.json", about) or _score(folder / "baselines.json", about, pictured)


def pictured_runs(runs: dict[Path, RunRecord]) -> list[tuple[Path, RunRecord]]:
    """Return the first finished run with pictures of the test images; with folds, that of each."""
    first: dict[int, tuple[Path, RunRecord]] = {}
    for path, record in runs.items():
        images = record.test.images if record.test else []
        if images and all((path / "test" / image / "image.png").is_file() for image in images):
            first.setdefault(record.config.fold or 0, (path, record))
    return [first[fold] for fold in sorted(first)]


def baseline_images(runs: dict[Path, RunRecord]) -> list[str]:
    """Return the names of the images that the baselines are scored on, in the order of their scores."""
    return [image for _, record in pictured_runs(runs) if record.test for image in record.test.images]


def _kept(file: Path, about: dict[str, Any]) -> Scores | None:
    """Return the scores in the file, if they are of the same images, tolerance and code."""
    if not file.is_file():
        return None
    try:
        content = read_json(file, "the baselines are scored again")
    except ValueError as error:
        warnings.warn(str(error), stacklevel=2)
        return None
    scores: Scores = content.pop("scores", {})
    return scores if content == about else None


def _code() -> str:
    """Return the sha256 of the code that the scores depend on."""
    root = Path(seg.__file__).parent
    here = Path(__file__).parent
    files = [here / "baselines.py", here / "untrained.py"]
    files += [*root.glob("metrics/*.py"), *root.glob("instances/*.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def _score(file: Path, about: dict[str, Any], pictured: list[tuple[Path, RunRecord]]) -> Scores:
    scores: Scores = {}
    for path, record in pictured:
        for name, of_fold in _score_fold(path, record).items():
            for metric, values in of_fold.items():
                scores.setdefault(name, {}).setdefault(metric, []).extend(values)
    write_file(file, json.dumps(about | {"scores": scores}, indent=1).encode())
    return scores


def _score_fold(path: Path, record: RunRecord) -> Scores:
    """Score the baselines on the test images of one run."""
    tolerance_px = record.config.tolerance_px
    seen = [path / "validation" / image for image in (record.validation.images if record.validation else [])]
    validation = [_read(folder)[:2] for folder in seen if (folder / IMAGE).is_file()]
    scores = {}
    for name, answer in untrained_answers(validation, record.rank_by, tolerance_px).items():
        cases = [_case(path / "test" / image, answer) for image in (record.test.images if record.test else [])]
        scores[name] = score_cases(cases, threshold=0.5, tolerance_px=tolerance_px, optimistic=False).metrics
    return scores


def _case(folder: Path, answer: Answer) -> Case:
    image, truth, valid = _read(folder)
    return Case(folder.name, answer(image).astype(np.float32), truth, valid=valid)


def _read(folder: Path) -> tuple[Image, Mask, Mask | None]:
    """Return image, true boundary, and which pixels are annotated; None if all are."""
    return read_image_file(folder / IMAGE), read_mask(folder), read_valid(folder)
