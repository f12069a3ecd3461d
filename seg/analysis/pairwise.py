"""Which losses differ in a metric on the test images, and which cannot be told apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import networkx as nx
import numpy as np
from scipy import stats

from seg.analysis.failures import losers_by_rule
from seg.analysis.looks import level_at
from seg.analysis.pair import Estimate, Pair
from seg.analysis.score_tables import Table, common_images, merge_scores, paired_differences, score_tables
from seg.analysis.sections import SectionCorrelation
from seg.analysis.units import Units
from seg.analysis.variance import Scores, TwoWayVariance, holm
from seg.metrics.table import METRICS
from seg.record import RunRecord


@dataclass(frozen=True)
class Judgement:
    """One metric.

    Attributes:
        estimates: loss -> mean and interval over all of its seeds, best first. Where seeds are missing, a pair may be
            the other way round.
        pairs: of all losses.
        groups: largest sets of losses of which no two differ, best first; a loss can be in several.
        units: what is independent among the test images.
        independent: how many independent images the sections of one volume are worth; None: not estimated.
        looks: numbers of seeds with which the verdict was looked at, this time included.
    """

    estimates: dict[str, Estimate]
    pairs: list[Pair]
    groups: list[list[str]]
    units: Units
    independent: float | None = None
    looks: tuple[int, ...] = ()

    @property
    def leaders(self) -> list[str]:
        """The first loss that is not worse than another one, and those that cannot be told from it."""
        beaten = {pair.loser for pair in self.pairs}
        best = next((name for name in self.estimates if name not in beaten), next(iter(self.estimates)))
        return [name for name in self.estimates if name == best or not self.pair(best, name).loser]

    def pair(self, first: str, second: str) -> Pair:
        """Return the pair of two losses.

        Args:
            first: one of them.
            second: the other one.
        """
        return next(pair for pair in self.pairs if {pair.better, pair.worse} == {first, second})


def judge(records: list[RunRecord], metric: str, looks: Sequence[int] = ()) -> Judgement | None:
    """Judge one metric on the test images that all finished runs have; None where a run lacks the metric.

    Args:
        records: of all runs; those that did not finish are left out.
        metric: key in `METRICS`.
        looks: numbers of seeds with which the verdict was looked at, this time included; see seg.analysis.looks.
    """
    finished = [record for record in records if record.status == "finished" and record.test]
    if not finished or any(record.test is None or metric not in record.test.metrics for record in finished):
        return None
    merged = merge_scores(finished, metric)
    images = common_images(merged, finished)
    if not images:
        return None
    tables, units = score_tables(merged, images), Units.of(finished, images)
    merits = {name: METRICS[metric].merit(scores) for name, (_, scores) in tables.items()}
    order = sorted(tables, key=lambda name: (-merits[name].mean(), name))
    correlation = units.correlation(list(merits.values()))
    pairs = [_compare(one, other, metric, tables, units, correlation) for one, other in combinations(order, 2)]
    estimates = {name: _estimate(tables[name][1], units, METRICS[metric].bounds) for name in order}
    corrected = [replace(pair, level=level_at(looks)) for pair in correct(pairs)]
    if metric == finished[0].rank_by:
        lost = losers_by_rule(records)
        corrected = [replace(pair, collapsed=lost.get(frozenset((pair.better, pair.worse)), "")) for pair in corrected]
    worth = correlation.effective() if correlation else None
    return Judgement(estimates, corrected, _groups(order, corrected), units, worth, tuple(looks))


def _estimate(scores: Scores, units: Units, bounds: tuple[float, float]) -> Estimate:
    """Return the mean of one loss and its interval, as far as that lies where a mean can lie."""
    return _interval(float(scores.mean()), units.variance(scores), *bounds)


def _interval(
    mean: float, uncertainty: TwoWayVariance | None, least: float = -math.inf, largest: float = math.inf
) -> Estimate:
    low, high = uncertainty.interval() if uncertainty else (math.nan, math.nan)
    return Estimate(mean, max(low, least), min(high, largest)) if uncertainty else Estimate(mean, low, high)


def _compare(
    first: str,
    second: str,
    metric: str,
    tables: dict[str, Table],
    units: Units,
    correlation: SectionCorrelation | None,
) -> Pair:
    """Compare two losses on the cells that both have; which one is better is decided by these alone."""
    differences, common, unpaired = paired_differences(tables[first], tables[second], metric)
    if differences.mean() < 0:
        first, second, differences = second, first, -differences
    uncertainty = units.variance(differences, correlation)
    deviation = differences.std(ddof=1) if differences.size > 1 else 0.0
    p = uncertainty.p_value(uncertainty.mean) if uncertainty else math.nan
    return Pair(
        first,
        second,
        _interval(float(differences.mean()), uncertainty),
        p=p,
        p_holm=p,
        p_images=_wilcoxon(differences.mean(axis=0)),
        effect=float(differences.mean() / deviation) if deviation > 0 else math.nan,
        wins=float(((differences > 0) + 0.5 * (differences == 0)).mean()),
        seeds=common,
        images=differences.shape[1],
        differences=differences,
        uncertainty=uncertainty,
        units=units,
        unpaired=unpaired,
    )


def _wilcoxon(differences: Scores) -> float:
    if len(differences) < 2 or not differences.any():
        return math.nan if len(differences) < 2 else 1.0
    return float(stats.wilcoxon(differences).pvalue)


def correct(pairs: list[Pair]) -> list[Pair]:
    """Return the pairs with p-values corrected for each other; those that could not be tested stay as they are."""
    tested = [pair for pair in pairs if not math.isnan(pair.p)]
    corrected = iter(holm(np.array([pair.p for pair in tested])))
    return [
        replace(pair, p_holm=float(next(corrected)), family=len(tested)) if not math.isnan(pair.p) else pair
        for pair in pairs
    ]


def _groups(order: list[str], pairs: list[Pair]) -> list[list[str]]:
    graph = nx.Graph()
    graph.add_nodes_from(order)
    graph.add_edges_from((pair.better, pair.worse) for pair in pairs if not pair.loser)
    cliques = [sorted(clique, key=order.index) for clique in nx.find_cliques(graph)]
    return sorted(cliques, key=lambda clique: [order.index(name) for name in clique])
