"""A claim that one arm is better than another."""

from dataclasses import replace

from seg.analysis.claim import Claim, Status, not_tried
from seg.analysis.formatting import p_value
from seg.analysis.pair import Pair
from seg.analysis.pairwise import Judgement
from seg.analysis.verdict import power_words, with_interval
from seg.metrics.table import METRICS


def compare_arms(
    statement: str, winner: str, loser: str, judgements: dict[str, Judgement | None], section: str
) -> Claim:
    """Judge whether an arm is better than another in some of the metrics, and worse in none.

    Args:
        statement: the claim.
        winner: arm that is said to be better.
        loser: the other one.
        judgements: metric -> judgement, None where there is none.
        section: of the report that shows it.
    """
    pairs = {metric: find_pair(judgement, winner, loser) for metric, judgement in judgements.items()}
    family = sum(pair is not None for pair in pairs.values())
    known = {metric: replace(pair, family=family) for metric, pair in pairs.items() if pair}
    if not known:
        return not_tried(statement, f"{winner} and {loser} have no test scores in common")
    established = [pair.better for pair in known.values() if _is_established(pair)]
    status: Status = "undecided"
    if established:
        status = "confirmed" if loser not in established else "undecided" if winner in established else "refuted"
    evidence = "; ".join(pair_words(metric, pair) for metric, pair in known.items())
    return Claim(statement, status, evidence + ".", section)


def find_pair(judgement: Judgement | None, first: str, second: str) -> Pair | None:
    """Return the pair of two arms; None where one of them has no scores.

    Args:
        judgement: of a metric.
        first: one of the arms.
        second: the other one.
    """
    known = judgement and first in judgement.estimates and second in judgement.estimates
    return judgement.pair(first, second) if judgement and known else None


def pair_words(metric: str, pair: Pair) -> str:
    """Return by how much one arm is ahead, and whether that is established.

    Args:
        metric: key in `METRICS`.
        pair: of the two, with the number of metrics of the claim as its family.
    """
    margin = f"{METRICS[metric].title}: {pair.better} is ahead of {pair.worse} by {with_interval(pair.difference)}"
    margin += f", p {p_value(pair.p)}" if pair.uncertainty else ""
    return margin if _is_established(pair) else f"{margin}, not established ({power_words(pair)})"


def _is_established(pair: Pair) -> bool:
    """Return whether the difference stands, corrected for the metrics of the claim, not for pairs not asked about."""
    return pair.p * pair.family <= pair.level
