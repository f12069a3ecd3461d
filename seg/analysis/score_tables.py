"""The test scores of each loss as a table of seeds and images, and the differences of two losses."""

import numpy as np

from seg.analysis.variance import Scores
from seg.metrics.table import METRICS
from seg.record import RunRecord

#: The S seeds of a loss, and its scores (S, I) on the images.
Table = tuple[list[int], Scores]


def common_images(finished: list[RunRecord]) -> list[str]:
    """Return the test images that all runs have, in the order of the data."""
    places = {name: place for place, name in enumerate(finished[0].data.test)}
    common = set.intersection(*(set(run.test.images) for run in finished if run.test))
    return sorted(common, key=lambda name: (places.get(name, len(places)), name))


def score_tables(finished: list[RunRecord], metric: str, images: list[str]) -> dict[str, Table]:
    """Return loss -> its seeds, ascending, and scores.

    Args:
        finished: runs.
        metric: key in `METRICS`.
        images: the I images, which all runs have.
    """
    scores = {
        (run.name, run.seed): dict(zip(run.test.images, run.test.metrics[metric], strict=True))
        for run in finished
        if run.test
    }
    tables = {}
    for name in sorted({run.name for run in finished}):
        seeds = sorted(seed for other, seed in scores if other == name)
        rows = [[scores[name, seed][image] for image in images] for seed in seeds]
        tables[name] = (seeds, np.array(rows, dtype=np.float64))
    return tables


def paired_differences(first: Table, second: Table, metric: str) -> tuple[Scores, int, int]:
    """Return the differences (S, I) in favor of the first loss, the number of common seeds, and that of the others.

    Without a common seed the difference is that of the means over the seeds, (1, I).

    Args:
        first: table of one loss.
        second: table of the other one.
        metric: key in `METRICS`.
    """
    (first_seeds, first_scores), (second_seeds, second_scores) = first, second
    merits, other_merits = METRICS[metric].merit(first_scores), METRICS[metric].merit(second_scores)
    common = sorted(set(first_seeds) & set(second_seeds))
    unpaired = len(set(first_seeds) ^ set(second_seeds))
    if not common:
        return (merits.mean(axis=0) - other_merits.mean(axis=0))[None], 0, unpaired
    rows, other_rows = ([seeds.index(seed) for seed in common] for seeds in (first_seeds, second_seeds))
    return merits[rows] - other_merits[other_rows], len(common), unpaired
