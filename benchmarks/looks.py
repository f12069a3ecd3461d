"""False alarms where seeds are added until something shows; part of benchmarks.verdict."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from benchmarks.worlds import World, p_values
from seg.analysis.looks import level_at
from seg.analysis.variance import LEVEL, holm


class Alarms(NamedTuple):
    """Shares of sequences of looks at four equal losses in which at least one look tells two apart."""

    each_at_5_percent: float
    corrected: float


def alarms(world: World, comparisons: int, looks: Sequence[int]) -> Alarms:
    """Look at growing comparisons.

    Args:
        world: to draw from.
        comparisons: simulated.
        looks: numbers of seeds, ascending.
    """
    scores = replace(world, seeds=looks[-1]).draw(np.random.default_rng(2026), comparisons)
    least = np.array(
        [[holm(p_values(each[:, :seeds], world.units)).min() for seeds in looks] for each in scores]
    )  # (comparisons, looks)
    levels = np.array([level_at(looks[: number + 1]) for number in range(len(looks))])
    return Alarms(float((least <= LEVEL).any(axis=1).mean()), float((least <= levels).any(axis=1).mean()))


def print_looks(comparisons: int) -> None:
    """Print a line for each world and sequence.

    Args:
        comparisons: simulated, for each line.
    """
    worlds = [World("20 images"), World("60 images", images=60), World("8 groups", images=24, clusters=8)]
    worlds.append(World("seeds dominate", loss_seed=0.5, loss_image=0.1, noise=0.1))
    print(f"\n{'looks at the verdict':20} {'at seeds':24}  each at 5 %  corrected", flush=True)
    for world in worlds:
        for looks in ((3, 5), (3, 5, 10), tuple(range(3, 11))):
            at = ", ".join(map(str, looks))
            shown = "  ".join(f"{share:9.1%}" for share in alarms(world, comparisons, looks))
            print(f"{world.name:20} {at:24}  {shown}", flush=True)
