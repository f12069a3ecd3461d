"""Error rates of the verdict in simulated comparisons of four losses whose truth is known.

`python -m benchmarks.verdict` prints, per world: false alarms (comparisons of four equal losses in which at least one
pair is called different), coverage (of the 95 % intervals of the pairs), and power (share of pairs called different of
a loss that is better by eight standard errors of independent images). Where images are related, the split says so:
sections are one volume, clusters are groups; 5 sections are too few for an interval. It prints how often as many
seeds, or seeds and images, as the verdict asks for show a difference of the size seen. Where runs collapse rarely, a
loss that is worse on average because a tenth of its runs fail is compared with a stable one.

Last, it prints how often adding seeds until something shows raises a false alarm, how often a cross-validation does,
and by how much the score of the best of four losses is said to be too good, and is.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.choices import print_choices
from benchmarks.folds import print_folds
from benchmarks.looks import print_looks
from benchmarks.worlds import LOSSES, World, p_values
from seg.analysis.power import Assurance
from seg.analysis.variance import LEVEL, TwoWayVariance, holm

Scores = NDArray[np.float64]

BETTER = 8.0  # standard errors


class Rates(NamedTuple):
    """Shares of what happened; coverage is NaN where no interval is given."""

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
    if world.units.unfit:
        return Rates(0.0, float("nan"), 0.0)
    equal = np.array([p_values(each, world.units) for each in scores])
    scores[:, 0] += BETTER * world.error
    one_better = np.array([holm(p_values(each, world.units)) for each in scores])
    return Rates(
        false_alarms=float(np.mean([holm(family).min() <= LEVEL for family in equal])),
        coverage=float(np.mean(equal > LEVEL)),
        power=float(np.mean(one_better[:, : LOSSES - 1] <= LEVEL)),
    )


class Promise(NamedTuple):
    """Comparisons that ask for more, and the share in which as many show a difference of the size seen."""

    asked: int
    kept: float


def promise(world: World, comparisons: int, more: str = "seeds") -> Promise:
    """Ask each comparison that shows no difference how many seeds would, and draw another with as many.

    Args:
        world: to draw from; the first loss is better by two standard errors.
        comparisons: simulated.
        more: "seeds", or "seeds and images" (groups where there are some).
    """
    rng = np.random.default_rng(2026)
    kept = []
    for scores in world.draw(rng, comparisons):
        seen = world.units.variance(scores[0] - scores[1] + 2 * world.error)
        if seen is None or seen.p_value(seen.mean) <= LEVEL:
            continue
        larger = _larger(world, seen, more)
        if larger:
            (again,) = larger.draw(rng, 1)
            final = larger.units.variance(again[0] - again[1] + abs(seen.mean))
            kept.append(final is not None and final.mean > 0 and final.p_value(final.mean) <= LEVEL)
    return Promise(len(kept), float(np.mean(kept)) if kept else float("nan"))


def _larger(world: World, seen: TwoWayVariance, more: str) -> World | None:
    """Return the world with as many seeds (and images) as are asked for; None where none are."""
    assurance = Assurance(seen, LEVEL)
    need = assurance.seeds() if more == "seeds" else assurance.both()
    if need is None or need.sure == world.seeds:
        return None
    if more == "seeds":
        return replace(world, seeds=need.sure)
    count = world.clusters or world.images
    larger = math.ceil(count * need.sure / world.seeds)
    return replace(
        world, seeds=need.sure, images=larger * world.images // count, clusters=larger if world.clusters else 0
    )


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
        for clusters in (2, 4, 8):
            if clusters < images:
                yield World(f"{clusters} groups", images=images, clusters=clusters)
    for correlation in (0.0, 0.5, 0.8, 0.95):
        yield World(f"sections, correlation {correlation}", seeds=10, correlation=correlation)
    for clusters in (2, 3, 4, 8):
        yield World(f"{clusters} groups", seeds=10, clusters=clusters)


def promising() -> Iterator[World]:
    """Yield the worlds in which comparisons ask for more seeds or images."""
    yield from (World("independent", images=images) for images in (5, 20, 60))
    yield World("seeds dominate", loss_seed=0.5, loss_image=0.1, noise=0.1)
    yield World("8 groups", images=24, clusters=8)
    yield World("interaction dominates", images=5, loss_seed=0.01, loss_image=0.01, noise=1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=400, help="simulated per world (default: %(default)s)")
    comparisons = parser.parse_args().comparisons
    print(f"{'world':30} seeds images  false alarms  coverage  power", flush=True)
    for world in worlds():
        shown = "  ".join(f"{share:9.1%}" for share in rates(world, comparisons))
        print(f"{world.name:30} {world.seeds:5} {world.images:6}  {shown}", flush=True)
    for more in ("seeds", "seeds and images"):
        print(f"\n{f'more {more}, as many as asked for':30} seeds images     asked  kept", flush=True)
        for world in promising():
            asked, kept = promise(world, comparisons, more)
            print(f"{world.name:30} {world.seeds:5} {world.images:6}  {asked:8}  {kept:4.0%}", flush=True)
    print(f"\n{'a tenth of the runs fails':30} seeds images  coverage  worse loss wins", flush=True)
    for seeds in (3, 10):
        world = replace(World("rare collapse"), seeds=seeds)
        shown = "  ".join(f"{share:9.1%}" for share in rare_collapse(world, comparisons))
        print(f"{world.name:30} {world.seeds:5} {world.images:6}  {shown}", flush=True)
    print_looks(comparisons)
    print_folds(comparisons)
    print_choices(comparisons)


if __name__ == "__main__":
    main()
