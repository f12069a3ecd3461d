"""Every metric of the table for every image, and the optimistic ones at the best threshold of the test images."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seg.metrics.metric import OptimisticMetric, load_function, pick
from seg.metrics.scored_image import ScoredImage
from seg.metrics.table import METRICS, OPTIMISTIC


@dataclass(frozen=True)
class Case:
    """One image to score.

    Attributes:
        name: of the image.
        probability: (H, W) of the boundary, in [0, 1].
        mask: (H, W), True on the true boundary.
        cells: (H, W) true instances, 0 is background; None: the 4-connected components between boundaries.
        proposed_cells: (H, W) instances of the tool that is scored; None: the 4-connected components between predicted
            boundaries.
        valid: (H, W), False at void pixels; None: there are none. See `seg.metrics.scored_image.ScoredImage`.
    """

    name: str
    probability: NDArray[np.float32]
    mask: NDArray[np.bool_]
    cells: NDArray[np.int32] | None = None
    proposed_cells: NDArray[np.int32] | None = None
    valid: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class SuiteScores:
    """Scores of N images.

    Attributes:
        images: their names.
        metrics: key in `METRICS` -> one value per image, at the threshold given.
        optimistic: key in `OPTIMISTIC` -> value of all images together, at thresholds that the truth itself chose.
    """

    images: list[str]
    metrics: dict[str, list[float]]
    optimistic: dict[str, float]


@dataclass(frozen=True)
class _Work:
    case: Case
    threshold: float
    tolerance_px: float
    pooled: list[OptimisticMetric]


@dataclass(frozen=True)
class _ImageResult:
    scores: dict[str, float]
    over_thresholds: dict[str, NDArray[Any]]


def score_cases(
    cases: list[Case],
    threshold: float,
    tolerance_px: float,
    processes: int = 1,
    progress: Callable[[int], None] = lambda done: None,
    optimistic: bool = True,
) -> SuiteScores:
    """Score all images, several at a time.

    Args:
        cases: at least one.
        threshold: a pixel is boundary where probability >= threshold.
        tolerance_px: of the boundary F1 and the surface Dice.
        processes: at a time.
        progress: told the number of images done.
        optimistic: whether to compute the optimistic ones, too, which take most of the time.

    Raises:
        ValueError: there is no image, or probability and mask of one have different shapes.
    """
    _check(cases)
    pooled = list(OPTIMISTIC.values()) if optimistic else []
    results = _collect(_map(processes, [_Work(case, threshold, tolerance_px, pooled) for case in cases]), progress)
    return SuiteScores(
        images=[case.name for case in cases],
        metrics={key: [result.scores[key] for result in results] for key in METRICS},
        optimistic={
            metric.key: _pooled(metric, [result.over_thresholds[metric.key] for result in results]) for metric in pooled
        },
    )


def _check(cases: list[Case]) -> None:
    if not cases:
        raise ValueError("there is no image to score")
    for case in cases:
        if case.probability.shape != case.mask.shape:
            raise ValueError(
                f"{case.name}: prediction {case.probability.shape} and truth {case.mask.shape} differ in size"
            )


def _map(processes: int, work: list[_Work]) -> Iterator[_ImageResult]:
    """Yield the results in order."""
    if processes == 1:
        yield from map(_score, work)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seg.metrics.suite"])
    # images are worked on in parallel, not pixels
    with ProcessPoolExecutor(processes, context, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from pool.map(_score, work)


def _collect(results: Iterable[_ImageResult], progress: Callable[[int], None]) -> list[_ImageResult]:
    collected = []
    for result in results:
        collected.append(result)
        progress(len(collected))
    return collected


def _pooled(metric: OptimisticMetric, images: list[NDArray[Any]]) -> float:
    return float(pick(load_function(metric.pool)(np.stack(images)), metric.part))


def _score(work: _Work) -> _ImageResult:
    case, thresholds = work.case, np.array([work.threshold], dtype=np.float32)
    image = ScoredImage(
        case.probability, case.mask, thresholds, work.tolerance_px, case.cells, case.proposed_cells, case.valid
    )
    return _ImageResult(
        scores={key: float(np.ravel(image.compute(metric.formula))[0]) for key, metric in METRICS.items()},
        over_thresholds=_over_thresholds(image, work.pooled),
    )


def _over_thresholds(image: ScoredImage, pooled: list[OptimisticMetric]) -> dict[str, NDArray[Any]]:
    """Return what each optimistic metric asks of the image; those with the same thresholds share their results."""
    views: dict[bytes, ScoredImage] = {}
    values = {}
    for metric in pooled:
        view = views.setdefault(metric.thresholds.tobytes(), replace(image, thresholds=metric.thresholds))
        values[metric.key] = np.asarray(view.compute(metric.formula))
    return values
