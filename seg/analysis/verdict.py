"""The result of a comparison in sentences."""

import math
from collections.abc import Sequence

from seg.analysis.failures import FailureRate, failure_sentences
from seg.analysis.formatting import format_score
from seg.analysis.looks import look_sentence
from seg.analysis.pair import Estimate, Pair
from seg.analysis.pairwise import Judgement
from seg.analysis.secondary import secondary_sentences
from seg.metrics.table import METRICS
from seg.record import RunRecord


def verdict(
    judgements: dict[str, Judgement],
    rank_by: str,
    chosen: RunRecord | None,
    validation: str,
    failures: dict[str, FailureRate],
    rope: float = 0.0,
    beside: Sequence[str] = (),
) -> list[str]:
    """Return what the comparison has shown and what it has not, the most important first.

    Args:
        judgements: metric -> judgement on the test images.
        rank_by: the metric that ranks.
        chosen: the run to promote, of the best loss on validation.
        validation: the score of that loss on validation.
        failures: loss -> how many of its runs failed or collapsed.
        rope: losses that differ by less than this in the metric that ranks are practically equal.
        beside: more sentences about the loss that is best on validation.
    """
    if chosen is None:
        return ["No run finished: there is nothing to rank."]
    word = METRICS[rank_by].title
    sentences = [f"{chosen.name} is best on validation: {word} {validation}. The run to promote: seed {chosen.seed}."]
    sentences += beside
    judgement = judgements.get(rank_by)
    if judgement is None or len(judgement.estimates) == 1:
        return sentences
    sentences[:0] = _scope(judgement)
    rivals = [judgement.pair(chosen.name, name) for name in judgement.estimates if name != chosen.name]
    sentences += _wins([pair for pair in rivals if pair.different and pair.better == chosen.name], word)
    sentences += [
        f"{describe(pair, word)} on the test images, though it is not best on validation."
        for pair in rivals
        if pair.different and pair.worse == chosen.name
    ]
    sentences += [pair_words(pair) + "." for pair in rivals if pair.loser and not pair.different]
    equal = [pair for pair in rivals if pair.equal_within(rope) and not pair.loser]
    sentences += _ties([pair for pair in rivals if not pair.loser and pair not in equal])
    sentences += [
        f"{pair.better} and {pair.worse} are practically equal: they differ by less than {rope:g} in {word} "
        f"({with_interval(pair.difference)} for {pair.better})."
        for pair in equal
    ]
    return sentences + secondary_sentences(chosen.name, judgements, rank_by) + failure_sentences(failures)


def _scope(judgement: Judgement) -> list[str]:
    """Say for which images and seeds the verdict holds, where that is less than a reader expects."""
    seeds = min((pair.seeds for pair in judgement.pairs), default=0)
    few = "Two seeds show only very large differences, three show far smaller ones: add a seed." if seeds == 2 else ""
    said = (judgement.units.scope(judgement.independent), few, look_sentence(judgement.looks))
    return [sentence for sentence in said if sentence]


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


def pair_words(pair: Pair) -> str:
    """Return what is known of a pair, as the tables say it."""
    if pair.different:
        return f"{pair.better} is better"
    if pair.loser:
        winner = pair.better if pair.loser == pair.worse else pair.worse
        return f"{pair.loser} loses to {winner}: all of its runs collapsed, none of {winner}"
    return f"cannot be told apart; {power_words(pair)}"


def power_words(pair: Pair) -> str:
    """Return how many more seeds it takes to establish a difference of this size."""
    if pair.identical:
        return "every score is the same"
    if pair.uncertainty is None:
        return pair.units.unfit or "an interval needs at least 2 seeds and 2 test images"
    if pair.units.folds or pair.units.one_volume:
        more = "seeds, more images, or both" if pair.units.folds else "sections, better of other volumes"
        return f"a difference of this size needs more {more}; how many cannot be told"
    need = pair.need
    if need is None:
        more = f"many more test {pair.units.kind}"
        return f"more seeds alone will not show a difference of this size: it takes {more}, how many cannot be told"
    images = f" and {need.images} test {pair.units.kind}" if need.images else ""
    if need.sure == pair.seeds:
        return "borderline"
    alone = "more seeds alone will not do; " if need.images else ""
    return (
        f"{alone}a difference of this size would show in about four of five comparisons with {need.sure} seeds{images}"
        + (f", in half of them with {need.likely} seeds" if need.likely < need.sure and not need.images else "")
    )


def _wins(pairs: Sequence[Pair], word: str) -> list[str]:
    return [f"On the test images {describe(pair, word)}." for pair in pairs]


def _ties(pairs: Sequence[Pair]) -> list[str]:
    if pairs and all(pair.uncertainty is None for pair in pairs):
        why = power_words(next((pair for pair in pairs if not pair.identical), pairs[0]))
        return [f"Chance cannot be estimated ({why}): no difference to another loss is established."]
    return [
        f"{pair.better} and {pair.worse} cannot be told apart with {pair.seeds} seeds and {pair.images} test images"
        f"{_in_groups(pair)}{_correction(pair)} ({with_interval(pair.difference)} for {pair.better}): "
        f"{power_words(pair)}."
        for pair in pairs
    ]


def _in_groups(pair: Pair) -> str:
    if pair.units.folds:
        return f" in {len(set(pair.units.folds))} folds"
    return f" of {len(pair.units.names)} groups" if pair.units.grouped else ""


def _correction(pair: Pair) -> str:
    """Name the correction for the number of pairs where it made the difference."""
    return f" once {pair.family} pairs are corrected for" if pair.p <= pair.level else ""
