"""Baselines without training: an empty mask, and Otsu's threshold on the gradient of the image."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import gaussian, sobel, threshold_otsu

from seg.data.reading import read_image_file
from seg.data.writing import write_file
from seg.metrics.suite import Case, score_cases
from seg.record import RunRecord

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
            about = {"fingerprint": record.data.fingerprint, "images": images}
            return _kept(folder / "baselines.json", about) or _score(folder / "baselines.json", about, path, record)
    return {}


def _kept(file: Path, about: dict[str, Any]) -> Scores | None:
    if not file.is_file():
        return None
    content = json.loads(file.read_text(encoding="utf-8"))
    scores: Scores = content.pop("scores")
    return scores if content == about else None


def _score(file: Path, about: dict[str, Any], path: Path, record: RunRecord) -> Scores:
    scores = {}
    for name, segment in BASELINES.items():
        cases = [_case(image, path / "test" / image, segment) for image in about["images"]]
        scores[name] = score_cases(cases, threshold=0.5, tolerance_px=record.config.tolerance_px).metrics
    write_file(file, json.dumps(about | {"scores": scores}, indent=1).encode())
    return scores


def _case(name: str, folder: Path, segment: Callable[[NDArray[Any]], Mask]) -> Case:
    prediction = segment(read_image_file(folder / "image.png"))
    return Case(name, prediction.astype(np.float32), read_image_file(folder / "truth.png") > 0)
