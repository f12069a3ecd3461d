"""The test scores of each loss as a table of seeds and images, and the differences of two losses."""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from seg.analysis.variance import Scores
from seg.metrics.table import METRICS
from seg.record import RunRecord

#: The S seeds of a loss, and its scores (S, I) on the images.
Table = tuple[list[int], Scores]


#: (loss, seed) -> image -> score.
Merged = dict[tuple[str, int], dict[str, float]]


def merge_scores(records: Iterable[RunRecord], metric: str, split: Literal["validation", "test"] = "test") -> Merged:
    """Return the scores of each loss and seed, of all folds of a cross-validation together.

    Args:
        records: of runs; those without scores of the split are left out.
        metric: key in `METRICS`.
        split: whose scores.
    """
    merged: Merged = {}
    for run in records:
        scores = run.test if split == "test" else run.validation
        if scores:
            of_run = merged.setdefault((run.name, run.seed), {})
            of_run |= dict(zip(scores.images, scores.metrics[metric], strict=True))
    return merged


def common_images(merged: Merged, finished: list[RunRecord]) -> list[str]:
    """Return the images that all losses and seeds have, in the order of the data, fold by fold.

    Args:
        merged: scores.
        finished: runs, for the order.
    """
    in_order = {run.config.fold: run.data.test for run in finished}
    names = [name for fold in sorted(in_order, key=lambda fold: fold or 0) for name in in_order[fold]]
    places = {name: place for place, name in enumerate(names)}
    common = set.intersection(*(set(scores) for scores in merged.values()))
    return sorted(common, key=lambda name: (places.get(name, len(places)), name))


def score_tables(merged: Merged, images: list[str]) -> dict[str, Table]:
    """Return loss -> its seeds, ascending, and scores.

    Args:
        merged: scores.
        images: the I images, which all have.
    """
    tables = {}
    for name in sorted({name for name, _ in merged}):
        seeds = sorted(seed for other, seed in merged if other == name)
        rows = [[merged[name, seed][image] for image in images] for seed in seeds]
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
