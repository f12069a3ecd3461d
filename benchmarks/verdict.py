"""Error rates of the verdict in simulated comparisons of four losses whose truth is known.

`python -m benchmarks.verdict` prints, per world: false alarms (comparisons of four equal losses in which at least one
pair is called different), coverage (of the 95 % intervals of the pairs), and power (share of pairs called different of
a loss that is better by eight standard errors of independent images). It prints how often as many seeds as the
verdict asks for show a difference. Where runs collapse rarely, a loss that is worse on
average because a tenth of its runs fail is compared with a stable one.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seg.analysis.variance import LEVEL, MOST_SEEDS, TwoWayVariance, holm

Scores = NDArray[np.float64]

LOSSES = 4
BETTER = 8.0  # standard errors


@dataclass(frozen=True)
class World:
    """Standard deviations of the parts of a score that differ from loss to loss, and how images are related.

    Attributes:
        name: for the table.
        seeds, images: of a comparison.
        loss_seed: of the runs; images cannot tell it.
        loss_image: of what an image means to a loss.
        noise: of a loss, a seed and an image.
        correlation: of neighboring images, in what an image means to a loss.
        clusters: groups of images that share `cluster_share` of that variance; 0: none.
    """

    name: str
    seeds: int = 3
    images: int = 20
    loss_seed: float = 0.14
    loss_image: float = 0.5
    noise: float = 0.5
    correlation: float = 0.0
    clusters: int = 0
    cluster_share: float = 0.95

    @property
    def error(self) -> float:
        """The standard error of the difference of two losses if images were independent."""
        per_loss = self.loss_seed**2 / self.seeds
        per_loss += (self.loss_image**2 + self.noise**2 / self.seeds) / self.images
        return float(np.sqrt(2 * per_loss))

    def draw(self, rng: np.random.Generator, comparisons: int) -> Scores:
        """Return scores (comparisons, losses, seeds, images) of equal losses, 0 on average."""
        shape = (comparisons, LOSSES, self.seeds, self.images)
        runs = self.loss_seed * rng.standard_normal((*shape[:3], 1))
        images = self.loss_image * self._related(rng, (*shape[:2], 1, self.images))
        return runs + images + self.noise * rng.standard_normal(shape)

    def _related(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Scores:
        """Return normal variables of variance 1 that are related along the last axis."""
        values = rng.standard_normal(shape)
        if self.clusters:
            member = np.arange(shape[-1]) * self.clusters // shape[-1]
            shared = rng.standard_normal((*shape[:-1], self.clusters))[..., member]
            return np.sqrt(self.cluster_share) * shared + np.sqrt(1 - self.cluster_share) * values
        for image in range(1, shape[-1]):
            innovation = np.sqrt(1 - self.correlation**2) * values[..., image]
            values[..., image] = self.correlation * values[..., image - 1] + innovation
        return values


class Rates(NamedTuple):
    """Shares of what happened."""

    false_alarms: float
    coverage: float
    power: float


def rates(world: World, comparisons: int) -> Rates:
    """Judge comparisons of equal losses, and of which one is better.

    Args:
        world: to draw from.
        comparisons: simulated, each twice.
    """
    rng = np.random.default_rng(2026)
    scores = world.draw(rng, comparisons)
    equal = np.array([p_values(each) for each in scores])
    scores[:, 0] += BETTER * world.error
    one_better = np.array([holm(p_values(each)) for each in scores])
    return Rates(
        false_alarms=float(np.mean([holm(family).min() <= LEVEL for family in equal])),
        coverage=float(np.mean(equal > LEVEL)),
        power=float(np.mean(one_better[:, : LOSSES - 1] <= LEVEL)),
    )


def p_values(scores: Scores) -> Scores:
    """Return the p-value of each pair of losses, those of the first loss first, for (losses, seeds, images)."""
    variances = [TwoWayVariance.of(one - other) for one, other in combinations(scores, 2)]
    return np.array([each.p_value(each.mean) for each in variances])


class Promise(NamedTuple):
    """Comparisons that ask for more seeds, and the share of comparisons with as many seeds that show the difference."""

    asked: int
    kept: float


def promise(world: World, comparisons: int) -> Promise:
    """Ask each comparison that shows no difference how many seeds would, and draw another one with that many.

    Args:
        world: to draw from; the first loss is better by two standard errors.
        comparisons: simulated.
    """
    rng = np.random.default_rng(2026)
    asking = world.draw(rng, comparisons)
    answering = replace(world, seeds=MOST_SEEDS).draw(rng, comparisons)
    kept = []
    for asks, answers in zip(asking[:, 0] - asking[:, 1], answering[:, 0] - answering[:, 1], strict=True):
        first = TwoWayVariance.of(asks + 2 * world.error)
        needed = first.seeds_needed(LEVEL) if first.p_value(first.mean) > LEVEL else None
        if needed and needed > world.seeds:
            final = TwoWayVariance.of(answers[:needed] + 2 * world.error)
            kept.append(final.mean > 0 and final.p_value(final.mean) <= LEVEL)
    return Promise(len(kept), float(np.mean(kept)) if kept else float("nan"))


class Collapse(NamedTuple):
    """Shares of what happened where a loss fails rarely."""

    coverage: float
    wrong_wins: float


def rare_collapse(world: World, comparisons: int, rate: float = 0.1, drop: float = 10.0) -> Collapse:
    """Compare a loss whose runs fail at times with a stable one that is better on average.

    Args:
        world: to draw from.
        comparisons: simulated.
        rate: of the runs that fail.
        drop: of the scores of a failed run. The others are better than the stable loss by half of what the failures
            cost on average.
    """
    rng = np.random.default_rng(2026)
    scores = world.draw(rng, comparisons)[:, :2]
    fails = rng.random((comparisons, world.seeds, 1)) < rate
    scores[:, 0] += rate * drop / 2 - drop * fails
    truth = -rate * drop / 2
    variances = [TwoWayVariance.of(one - other) for one, other in scores]
    return Collapse(
        coverage=float(np.mean([each.p_value(each.mean - truth) > LEVEL for each in variances])),
        wrong_wins=float(np.mean([each.mean > 0 and each.p_value(each.mean) <= LEVEL for each in variances])),
    )


def worlds() -> Iterator[World]:
    """Yield the worlds of the table."""
    for images in (5, 20, 60):
        yield World("independent", images=images)
        for correlation in (0.5, 0.8, 0.95):
            yield World(f"sections, correlation {correlation}", images=images, correlation=correlation)
        yield World("two clusters", images=images, clusters=2)
    for correlation in (0.0, 0.5, 0.8, 0.95):
        yield World(f"sections, correlation {correlation}", seeds=10, correlation=correlation)


INTERACTION = World("interaction dominates", images=5, loss_seed=0.01, loss_image=0.01, noise=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=400, help="simulated per world (default: %(default)s)")
    comparisons = parser.parse_args().comparisons
    print(f"{'world':30} seeds images  false alarms  coverage  power", flush=True)
    for world in worlds():
        shown = "  ".join(f"{share:9.1%}" for share in rates(world, comparisons))
        print(f"{world.name:30} {world.seeds:5} {world.images:6}  {shown}", flush=True)
    print(f"\n{'more seeds, as many as asked for':30} seeds images     asked  kept", flush=True)
    for world in (*(World("independent", images=images) for images in (5, 20, 60)), INTERACTION):
        asked, kept = promise(world, comparisons)
        print(f"{world.name:30} {world.seeds:5} {world.images:6}  {asked:8}  {kept:4.0%}", flush=True)
    print(f"\n{'a tenth of the runs fails':30} seeds images  coverage  worse loss wins", flush=True)
    for seeds in (3, 10):
        world = replace(World("rare collapse"), seeds=seeds)
        shown = "  ".join(f"{share:9.1%}" for share in rare_collapse(world, comparisons))
        print(f"{world.name:30} {world.seeds:5} {world.images:6}  {shown}", flush=True)


if __name__ == "__main__":
    main()
