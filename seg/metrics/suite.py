"""Every test-time score of every image, and the optimistic ones at the best threshold of the test images."""

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from seg.instances import InstanceDecoder
from seg.metrics import pixel
from seg.metrics.boundary import boundary_f1, boundary_iou, count_matches, dataset_and_image_scale
from seg.metrics.image_scores import THRESHOLDS
from seg.metrics.instance import instance_scores
from seg.metrics.rand import compare_cells, connected_cells, rand_scores, thin
from seg.metrics.sharpness import sharpness
from seg.metrics.surface import surface_scores
from seg.metrics.topology import betti_errors, cl_dice
from seg.metrics.unknown import without_nan

#: Thresholds of the challenge, on which the best V_Rand is looked for.
RAND_THRESHOLDS = np.linspace(0, 1, 11, dtype=np.float32)


@dataclass(frozen=True)
class Case:
    """One image to score.

    Attributes:
        name: of the image.
        probability: (H, W) of the boundary, in [0, 1]; for NaN see `seg.metrics.unknown`.
        mask: (H, W), True on the true boundary.
        cells: (H, W) true instances, 0 is background; None: the 4-connected components between boundaries.
        proposed_cells: (H, W) instances of the tool that is scored; None: decoded from the probability.
    """

    name: str
    probability: NDArray[np.float32]
    mask: NDArray[np.bool_]
    cells: NDArray[np.int32] | None = None
    proposed_cells: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", without_nan(self.probability))


@dataclass(frozen=True)
class SuiteScores:
    """Scores of N images.

    Attributes:
        images: their names.
        metrics: metric -> one value per image, at the threshold given.
        optimistic: scores at thresholds that the truth itself chose, of all images together: boundary_f1_ods,
            boundary_f1_ois, v_rand_best and v_info_best.
    """

    images: list[str]
    metrics: dict[str, list[float]]
    optimistic: dict[str, float]


@dataclass(frozen=True)
class _ImageResult:
    scores: dict[str, float]
    matches: NDArray[np.int64]
    v_rand: list[float]
    v_info: list[float]


def score_cases(
    cases: list[Case],
    threshold: float,
    tolerance_px: float,
    decoder: InstanceDecoder = InstanceDecoder(),  # noqa: B008  # frozen
    processes: int = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> SuiteScores:
    """Score all images, several at a time.

    Args:
        cases: at least one.
        threshold: a pixel is boundary where probability >= threshold.
        tolerance_px: of the boundary F1 and the surface Dice.
        decoder: from probabilities to instances.
        processes: at a time.
        progress: told the number of images done.

    Raises:
        ValueError: there is no image, or probability and mask of one have different shapes.
    """
    if not cases:
        raise ValueError("there is no image to score")
    for case in cases:
        if case.probability.shape != case.mask.shape:
            raise ValueError(
                f"{case.name}: prediction {case.probability.shape} and truth {case.mask.shape} differ in size"
            )
    work = [(case, threshold, tolerance_px, decoder) for case in cases]
    if processes == 1:
        results = _collect(map(_score, work), progress)
    else:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["seg.metrics.suite"])
        # images are worked on in parallel, not pixels
        with ProcessPoolExecutor(processes, context, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            results = _collect(pool.map(_score, work), progress)
    names = results[0].scores
    return SuiteScores(
        images=[case.name for case in cases],
        metrics={name: [result.scores[name] for result in results] for name in names},
        optimistic=_optimistic(results),
    )


def _collect(results: Iterable[_ImageResult], progress: Callable[[int], None]) -> list[_ImageResult]:
    collected = []
    for result in results:
        collected.append(result)
        progress(len(collected))
    return collected


def _optimistic(results: list[_ImageResult]) -> dict[str, float]:
    ods, ois = dataset_and_image_scale(np.stack([result.matches for result in results]))
    return {
        "boundary_f1_ods": ods,
        "boundary_f1_ois": ois,
        "v_rand_best": float(np.mean([result.v_rand for result in results], axis=0).max()),
        "v_info_best": float(np.mean([result.v_info for result in results], axis=0).max()),
    }


def _score(work: tuple[Case, float, float, InstanceDecoder]) -> _ImageResult:
    case, threshold, tolerance_px, decoder = work
    prediction = case.probability >= np.float32(threshold)
    over_thresholds = rand_scores(case.probability, case.mask, RAND_THRESHOLDS)
    return _ImageResult(
        scores=_pixel_scores(case, threshold)
        | _line_scores(case, prediction, threshold, tolerance_px)
        | _cell_scores(case, prediction, threshold, decoder),
        matches=count_matches(case.probability, case.mask, THRESHOLDS, tolerance_px),
        v_rand=[scores.v_rand for scores in over_thresholds],
        v_info=[scores.v_info for scores in over_thresholds],
    )


def _pixel_scores(case: Case, threshold: float) -> dict[str, float]:
    probability, mask = torch.from_numpy(case.probability), torch.from_numpy(case.mask)
    iou, dice = pixel.overlap(probability, mask, torch.tensor([threshold], dtype=torch.float32))
    return {
        "iou": iou.item(),
        "dice": dice.item(),
        "ap": pixel.average_precision(probability, mask).item(),
        "brier": pixel.brier(probability, mask).item(),
        "ece": pixel.calibration_error(probability, mask).item(),
        **asdict(sharpness(case.probability, case.mask)),
    }


def _line_scores(case: Case, prediction: NDArray[np.bool_], threshold: float, tolerance_px: float) -> dict[str, float]:
    at = np.array([threshold], dtype=np.float32)
    matched, predicted, true = count_matches(case.probability, case.mask, at, tolerance_px)[0]
    betti = betti_errors(prediction, case.mask)
    bands = {f"boundary_iou_{width}px": boundary_iou(prediction, case.mask, width) for width in (1, 2, 3)}
    return {
        "boundary_f1": float(boundary_f1(case.probability, case.mask, at, tolerance_px)[0]),
        "boundary_f1_matched": float(2 * matched / (predicted + true)) if predicted + true else 1.0,
        **bands,
        "cl_dice": cl_dice(prediction, case.mask),
        **asdict(surface_scores(prediction, case.mask, tolerance_px)),
        "betti0_error": float(betti.betti0_error),
        "betti1_error": float(betti.betti1_error),
    }


def _cell_scores(
    case: Case, prediction: NDArray[np.bool_], threshold: float, decoder: InstanceDecoder
) -> dict[str, float]:
    between = connected_cells(~case.mask)
    truth = between if case.cells is None else case.cells
    decoded = decoder.decode(case.probability, threshold) if case.proposed_cells is None else case.proposed_cells
    instances = instance_scores(decoded, truth)
    rand = compare_cells(between, thin(~prediction))
    return asdict(rand) | {f"instance_{name}": value for name, value in asdict(instances).items()}
