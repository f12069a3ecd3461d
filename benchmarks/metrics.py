"""Time the test-time metrics: V_Rand against a plain scikit-image and numpy version, and the suite per section.

`python -m benchmarks.metrics` uses synthetic sections of 512 x 512 pixels and measures CPU seconds of one process,
the two sides in turn.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.measure import label
from skimage.segmentation import watershed

from seg.data.synthetic import SyntheticCells
from seg.metrics.rand import rand_scores
from seg.metrics.suite import Case, score_cases
from seg.metrics.table import RAND_THRESHOLDS

SECTIONS = 6


def plain_v_rand(probability: NDArray[np.float32], mask: NDArray[np.bool_]) -> list[float]:
    """Return V_Rand at each threshold, computed directly from the formula.

    Args:
        probability: (H, W) of the boundary.
        mask: (H, W), True on the boundary.
    """
    truth, scores = label(~mask, connectivity=1), []
    for threshold in RAND_THRESHOLDS:
        inside = probability < threshold
        seeds = label(inside, connectivity=1)
        proposal = watershed(distance_transform_edt(~inside), seeds, connectivity=1, watershed_line=True)
        s, t = truth[truth > 0], proposal[truth > 0]
        bins = (np.arange(1, s.max() + 2), np.arange(t.max() + 2))
        joint = np.histogram2d(s, t, bins=bins)[0] / len(s)
        singles = joint[:, 0].sum() / len(s)
        pairs = (joint[:, 1:] ** 2).sum() + singles
        precision = pairs / ((joint.sum(axis=0)[1:] ** 2).sum() + singles)
        recall = pairs / (joint.sum(axis=1) ** 2).sum()
        scores.append(2 * precision * recall / (precision + recall))
    return scores


def cpu_seconds(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def guess(mask: NDArray[np.bool_], seed: int) -> NDArray[np.float32]:
    """Return a plausible probability: the blurred boundary with smooth noise.

    Args:
        mask: (H, W), True on the boundary.
        seed: of the noise.
    """
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal(mask.shape), 3)
    logits = 10 * (gaussian_filter(mask.astype(float), 1.5) - 0.4) + 1.5 * noise / noise.std()
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def main() -> None:
    samples = SyntheticCells(count=SECTIONS, size_px=512, cell_diameter_px=50.0)
    cases = [Case(sample.name, guess(sample.mask, number), sample.mask) for number, sample in enumerate(samples)]
    ratios, suite = [], []
    for case in cases:
        ours = [scores.v_rand for scores in rand_scores(case.probability, case.mask, RAND_THRESHOLDS)]
        np.testing.assert_allclose(ours, plain_v_rand(case.probability, case.mask), atol=1e-9)
        own = cpu_seconds(lambda case=case: rand_scores(case.probability, case.mask, RAND_THRESHOLDS))
        ratios.append(own / cpu_seconds(lambda case=case: plain_v_rand(case.probability, case.mask)))
        suite.append(cpu_seconds(lambda case=case: score_cases([case], 0.5, 2.0)))
    per_section = statistics.median(suite)
    print(f"V_Rand and V_Info at 11 thresholds / plain V_Rand: {statistics.median(ratios):.2f} {np.round(ratios, 2)}")
    print(f"all metrics: {per_section:.2f} CPU seconds per section, {30 * per_section:.0f} for 30")


if __name__ == "__main__":
    main()
