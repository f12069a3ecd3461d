"""Which losses differ in a metric on the test images, and which cannot be told apart."""

import math
from dataclasses import dataclass, replace
from itertools import combinations

import networkx as nx
import numpy as np
from scipy import stats

from seg.analysis.variance import LEVEL, Scores, TwoWayVariance, holm
from seg.metrics.table import METRICS
from seg.record import RunRecord


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and images with its 95 % interval (NaN where there is one seed or one image)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Pair:
    """Two losses in one metric, compared on the seeds and images that both have; the better one there first.

    Attributes:
        better, worse: names.
        difference: of the means, >= 0 in favor of the better one whichever way the metric runs; with 95 % interval.
        p: of the two-way test, NaN where there is one seed or one image.
        p_holm: the same, corrected for the number of pairs.
        p_images: Wilcoxon's over the images, the seeds averaged. It holds for these trained networks alone and
            ignores the variance between seeds: shown for information, not used for decisions.
        effect: the difference in standard deviations of a single difference (one seed, one image).
        wins: share of (seed, image) cells where the better one is better, ties counted half.
        seeds, images: that both have.
        differences: (seeds, images), in favor of the better one.
        uncertainty: of the difference, None where there is one seed or one image.
        family: number of pairs that were tested together.
        unpaired: number of seeds that only one of them has; they count in its estimate, not here.
    """

    better: str
    worse: str
    difference: Estimate
    p: float
    p_holm: float
    p_images: float
    effect: float
    wins: float
    seeds: int
    images: int
    differences: Scores
    uncertainty: TwoWayVariance | None
    family: int = 1
    unpaired: int = 0

    @property
    def different(self) -> bool:
        """Whether the difference is established."""
        return self.p_holm <= LEVEL

    @property
    def identical(self) -> bool:
        """Whether the two have the same score in every cell."""
        return self.difference.mean == 0 and not (self.uncertainty and self.uncertainty.error)

    @property
    def seeds_needed(self) -> int | None:
        """How many seeds would show a difference of this size; None: more than 100, or it cannot be estimated."""
        return self.uncertainty.seeds_needed(LEVEL / self.family) if self.uncertainty else None


@dataclass(frozen=True)
class Judgement:
    """One metric.

    Attributes:
        estimates: loss -> mean and interval over all of its seeds, best first. Where seeds are missing, a pair may be
            the other way round.
        pairs: of all losses.
        groups: largest sets of losses of which no two differ, best first; a loss can be in several.
    """

    estimates: dict[str, Estimate]
    pairs: list[Pair]
    groups: list[list[str]]

    @property
    def leaders(self) -> list[str]:
        """The first loss that is not worse than another one, and those that cannot be told from it."""
        beaten = {pair.worse for pair in self.pairs if pair.different}
        best = next((name for name in self.estimates if name not in beaten), next(iter(self.estimates)))
        return [name for name in self.estimates if name == best or not self.pair(best, name).different]

    def pair(self, first: str, second: str) -> Pair:
        """Return the pair of two losses.

        Args:
            first: one of them.
            second: the other one.
        """
        return next(pair for pair in self.pairs if {pair.better, pair.worse} == {first, second})


def judge(records: list[RunRecord], metric: str) -> Judgement | None:
    """Judge one metric on the test images that all finished runs have; None where a run lacks the metric.

    Args:
        records: of all runs; those that did not finish are left out.
        metric: key in `METRICS`.
    """
    finished = [record for record in records if record.status == "finished" and record.test]
    if not finished or any(record.test is None or metric not in record.test.metrics for record in finished):
        return None
    tables = _tables(finished, metric)
    if not next(iter(tables.values()))[1].shape[1]:
        return None
    merits = {name: METRICS[metric].merit(scores).mean() for name, (_, scores) in tables.items()}
    order = sorted(tables, key=lambda name: (-merits[name], name))
    pairs = correct([_compare(first, second, metric, tables) for first, second in combinations(order, 2)])
    estimates = {name: _estimate(tables[name][1], *METRICS[metric].bounds) for name in order}
    return Judgement(estimates, pairs, _groups(order, pairs))


def _tables(finished: list[RunRecord], metric: str) -> dict[str, tuple[list[int], Scores]]:
    """Return loss -> (seeds, scores (S, I)), the seeds ascending, the images those of all runs."""
    scores = {
        (run.name, run.seed): dict(zip(run.test.images, run.test.metrics[metric], strict=True))
        for run in finished
        if run.test
    }
    images = sorted(set.intersection(*(set(of_run) for of_run in scores.values())))
    tables = {}
    for name in sorted({run.name for run in finished}):
        seeds = sorted(seed for other, seed in scores if other == name)
        rows = [[scores[name, seed][image] for image in images] for seed in seeds]
        tables[name] = (seeds, np.array(rows, dtype=np.float64))
    return tables


def _estimate(scores: Scores, least: float = -math.inf, largest: float = math.inf) -> Estimate:
    """Return the mean and its interval, as far as that lies where a mean can lie."""
    if min(scores.shape) < 2:
        return Estimate(float(scores.mean()), math.nan, math.nan)
    uncertainty = TwoWayVariance.of(scores)
    low, high = uncertainty.interval()
    return Estimate(uncertainty.mean, max(low, least), min(high, largest))


def _compare(first: str, second: str, metric: str, tables: dict[str, tuple[list[int], Scores]]) -> Pair:
    """Compare two losses on the cells that both have; which one is better is decided by these alone."""
    differences, common, unpaired = _differences(tables[first], tables[second], metric)
    if differences.mean() < 0:
        first, second, differences = second, first, -differences
    uncertainty = TwoWayVariance.of(differences) if min(differences.shape) > 1 else None
    deviation = differences.std(ddof=1) if differences.size > 1 else 0.0
    p = uncertainty.p_value(uncertainty.mean) if uncertainty else math.nan
    return Pair(
        first,
        second,
        _estimate(differences),
        p=p,
        p_holm=p,
        p_images=_wilcoxon(differences.mean(axis=0)),
        effect=float(differences.mean() / deviation) if deviation > 0 else math.nan,
        wins=float(((differences > 0) + 0.5 * (differences == 0)).mean()),
        seeds=common,
        images=differences.shape[1],
        differences=differences,
        uncertainty=uncertainty,
        unpaired=unpaired,
    )


def _differences(
    first: tuple[list[int], Scores], second: tuple[list[int], Scores], metric: str
) -> tuple[Scores, int, int]:
    """Return the differences (S, I) in favor of the first loss, the number of common seeds, and that of the others.

    Without a common seed the difference is that of the means over the seeds, (1, I).
    """
    (first_seeds, first_scores), (second_seeds, second_scores) = first, second
    merits, other_merits = METRICS[metric].merit(first_scores), METRICS[metric].merit(second_scores)
    common = sorted(set(first_seeds) & set(second_seeds))
    unpaired = len(set(first_seeds) ^ set(second_seeds))
    if not common:
        return (merits.mean(axis=0) - other_merits.mean(axis=0))[None], 0, unpaired
    rows, other_rows = ([seeds.index(seed) for seed in common] for seeds in (first_seeds, second_seeds))
    return merits[rows] - other_merits[other_rows], len(common), unpaired


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
    graph.add_edges_from((pair.better, pair.worse) for pair in pairs if not pair.different)
    cliques = [sorted(clique, key=order.index) for clique in nx.find_cliques(graph)]
    return sorted(cliques, key=lambda clique: [order.index(name) for name in clique])
