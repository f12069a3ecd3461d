"""In which of the other metrics the best loss is behind: only the metric that ranks is protected against chance."""

import math
from collections.abc import Iterator

import numpy as np

from seg.analysis.pair import Pair
from seg.analysis.pairwise import Judgement
from seg.analysis.variance import holm
from seg.metrics.table import METRICS


def secondary_sentences(name: str, judgements: dict[str, Judgement], rank_by: str) -> list[str]:
    """Say in which other metrics a loss is beaten, and in which it only seems to be.

    It is beaten only where the metric that ranks tells at least two losses apart, and where the difference stands when
    all pairs of this loss in all other metrics are corrected together. What stands in its own metric alone is
    exploratory.

    Args:
        name: of the loss.
        judgements: metric -> judgement on the test images.
        rank_by: the metric that ranks.
    """
    pairs = list(_pairs(name, judgements, rank_by))
    together = holm(np.array([pair.p for _, pair in pairs]))
    first = rank_by in judgements and any(pair.different for pair in judgements[rank_by].pairs)
    beaten: dict[str, list[str]] = {}
    behind: dict[str, list[str]] = {}
    for (metric, pair), p in zip(pairs, together, strict=True):
        if pair.worse == name and pair.different:
            of_rival = beaten if first and p <= pair.level else behind
            of_rival.setdefault(pair.better, []).append(METRICS[metric].title)
    number = len(judgements) - (rank_by in judgements)
    return [
        *(f"{rival} beats {name} in {', '.join(words)}." for rival, words in beaten.items()),
        *(
            f"Exploratory, as one of {number} other metrics could show it by chance: "
            f"{rival} is ahead of {name} in {', '.join(words)}."
            for rival, words in behind.items()
        ),
    ]


def _pairs(name: str, judgements: dict[str, Judgement], rank_by: str) -> Iterator[tuple[str, Pair]]:
    """Yield the tested pairs of a loss in the other metrics."""
    for metric, judgement in judgements.items():
        for pair in judgement.pairs if metric != rank_by else []:
            if name in (pair.better, pair.worse) and not math.isnan(pair.p):
                yield metric, pair
