"""Baselines without training: an empty mask, and Otsu's threshold on the gradient of the image."""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import gaussian, sobel, threshold_otsu

import seg
from seg.data.reading import read_image_file
from seg.data.writing import write_file
from seg.metrics.suite import Case, score_cases
from seg.record import RunRecord, read_json

Scores = dict[str, dict[str, list[float]]]
Mask = NDArray[np.bool_]


def all_black(image: NDArray[Any]) -> Mask:
    """Return the empty mask."""
    return np.zeros(image.shape[:2], dtype=bool)


def otsu_on_gradient(image: NDArray[Any]) -> Mask:
    """Return where the gradient of the image, smoothed by 1 px, is above the threshold of Otsu.

    Args:
        image: (H, W) or (H, W, 3).
    """
    grey = image.astype(np.float64) if image.ndim == 2 else image.mean(axis=2)
    slope = sobel(gaussian(grey, sigma=1.0))
    edges: Mask = slope > threshold_otsu(slope)
    return edges


BASELINES: dict[str, Callable[[NDArray[Any]], Mask]] = {
    "all black": all_black,
    "Otsu on the gradient": otsu_on_gradient,
}


def score_baselines(folder: Path, runs: dict[Path, RunRecord]) -> Scores:
    """Score the baselines on the test images, once per comparison: baselines.json keeps the result.

    Args:
        folder: of the comparison.
        runs: folder -> record; the test images are those of the first finished one with pictures.

    Returns:
        Baseline -> metric -> one value per image; empty where no run has pictures.
    """
    for path, record in runs.items():
        images = record.test.images if record.test else []
        if images and all((path / "test" / image / "image.png").is_file() for image in images):
            about = {
                "fingerprint": record.data.fingerprint,
                "images": images,
                "tolerance_px": record.config.tolerance_px,
                "code": _code(),
            }
            return _kept(folder / "baselines.json", about) or _score(folder / "baselines.json", about, path, record)
    return {}


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
    files = [Path(__file__), *root.glob("metrics/*.py"), *root.glob("instances.py"), *root.glob("instances/*.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def _score(file: Path, about: dict[str, Any], path: Path, record: RunRecord) -> Scores:
    scores = {}
    for name, segment in BASELINES.items():
        cases = [_case(image, path / "test" / image, segment) for image in about["images"]]
        scores[name] = score_cases(cases, threshold=0.5, tolerance_px=record.config.tolerance_px).metrics
    write_file(file, json.dumps(about | {"scores": scores}, indent=1).encode())
    return scores


def _case(name: str, folder: Path, segment: Callable[[NDArray[Any]], Mask]) -> Case:
    prediction = segment(read_image_file(folder / "image.png"))
    void = folder / "valid.png"
    valid = read_image_file(void) > 0 if void.is_file() else None
    return Case(name, prediction.astype(np.float32), read_image_file(folder / "truth.png") > 0, valid=valid)
