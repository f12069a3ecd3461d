"""The result of a comparison in sentences."""

import math
from collections.abc import Sequence

from seg.analysis.formatting import format_score
from seg.analysis.pairwise import Estimate, Judgement, Pair
from seg.analysis.variance import LEVEL
from seg.metrics.table import METRICS
from seg.record import RunRecord


def verdict(judgements: dict[str, Judgement], rank_by: str, chosen: RunRecord | None, validation: str) -> list[str]:
    """Return what the comparison has shown and what it has not, the most important first.

    Args:
        judgements: metric -> judgement on the test images.
        rank_by: the metric that ranks.
        chosen: the run to promote, of the best loss on validation.
        validation: the score of that loss on validation.
    """
    if chosen is None:
        return ["No run finished: there is nothing to rank."]
    word = METRICS[rank_by].title
    sentences = [f"{chosen.name} is best on validation: {word} {validation}. The run to promote: seed {chosen.seed}."]
    judgement = judgements.get(rank_by)
    if judgement is None or len(judgement.estimates) == 1:
        return sentences
    rivals = [judgement.pair(chosen.name, name) for name in judgement.estimates if name != chosen.name]
    sentences += _wins([pair for pair in rivals if pair.different and pair.better == chosen.name], word)
    sentences += [
        f"{describe(pair, word)} on the test images, though it is not best on validation."
        for pair in rivals
        if pair.different and pair.worse == chosen.name
    ]
    sentences += _ties([pair for pair in rivals if not pair.different])
    return sentences + _elsewhere(chosen.name, judgements, rank_by)


def describe(pair: Pair, title: str) -> str:
    """Return "a beats b in Boundary F1 by 0.012 [0.006, 0.019]", and on how many seeds where one lacks some.

    Args:
        pair: that differs.
        title: of the metric.
    """
    seeds = f" ({pair.seeds} common seeds)" if pair.unpaired else ""
    return f"{pair.better} beats {pair.worse} in {title} by {with_interval(pair.difference)}{seeds}"


def with_interval(estimate: Estimate) -> str:
    """Return "0.012 [0.006, 0.019]"; the mean alone where there is no interval."""
    if math.isnan(estimate.low):
        return format_score(estimate.mean)
    return f"{format_score(estimate.mean)} [{format_score(estimate.low)}, {format_score(estimate.high)}]"


def power_words(pair: Pair) -> str:
    """Return how many more seeds it takes to establish a difference of this size."""
    if pair.identical:
        return "every score is the same"
    if pair.uncertainty is None:
        return "an interval needs at least 2 seeds and 2 test images"
    if pair.seeds_needed is None:
        return "more seeds alone will not show a difference of this size: more test images are needed"
    more = pair.seeds_needed - pair.seeds
    seeds = "1 more seed" if more == 1 else f"{more} more seeds"
    return f"about {seeds} would show a difference of this size" if more else "borderline"


def _wins(pairs: Sequence[Pair], word: str) -> list[str]:
    return [f"On the test images {describe(pair, word)}." for pair in pairs]


def _ties(pairs: Sequence[Pair]) -> list[str]:
    if pairs and all(pair.uncertainty is None for pair in pairs):
        return [
            "With one seed or one test image chance cannot be estimated: no difference to another loss is established."
        ]
    return [
        f"{pair.better} and {pair.worse} cannot be told apart with {pair.seeds} seeds and {pair.images} test images"
        f"{_correction(pair)} ({with_interval(pair.difference)} for {pair.better}): {power_words(pair)}."
        for pair in pairs
    ]


def _correction(pair: Pair) -> str:
    """Name the correction for the number of pairs where it made the difference."""
    return f" once {pair.family} pairs are corrected for" if pair.p <= LEVEL else ""


def _elsewhere(name: str, judgements: dict[str, Judgement], rank_by: str) -> list[str]:
    """Say in which other metrics the winner is beaten."""
    beaten: dict[str, list[str]] = {}
    for metric, judgement in judgements.items():
        for pair in judgement.pairs if metric != rank_by else []:
            if pair.different and pair.worse == name:
                beaten.setdefault(pair.better, []).append(METRICS[metric].title)
    return [f"{rival} beats {name} in {', '.join(words)}." for rival, words in beaten.items()]
