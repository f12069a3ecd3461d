"""By how much the score of the chosen loss is said to be too good, and is; part of benchmarks.verdict."""

from itertools import product
from typing import NamedTuple

import numpy as np

from benchmarks.worlds import LOSSES, World
from seg.analysis.choice import selection_bias


class Curse(NamedTuple):
    """Means over comparisons, in standard errors of a difference of two losses."""

    expected: float
    measured: float


def curse(world: World, comparisons: int, apart: float) -> Curse:
    """Compare by how much the score of the best of four losses is said to be too good with how much it is.

    Args:
        world: to draw from.
        comparisons: simulated.
        apart: between a loss and the next better one, in standard errors.
    """
    true = apart * world.error * np.arange(LOSSES)
    scores = world.draw(np.random.default_rng(2026), comparisons) + true[:, None, None]
    means = scores.mean(axis=(2, 3))
    measured = (means - true)[np.arange(comparisons), means.argmax(axis=1)]
    expected = [selection_bias(each) for each in scores]
    return Curse(float(np.mean(expected)) / world.error, float(measured.mean()) / world.error)


def print_choices(comparisons: int) -> None:
    """Print a line for each number of images and distance of the losses.

    Args:
        comparisons: simulated, for each line.
    """
    print(f"\n{'validation chose the best of four':40} seeds images  said to be too good  is too good", flush=True)
    for images, apart in product((5, 20), (0.0, 1.0, 4.0)):
        world = World(f"losses {apart:g} standard errors apart", images=images)
        expected, measured = curse(world, comparisons, apart)
        print(f"{world.name:40} {world.seeds:5} {world.images:6}  {expected:19.2f}  {measured:11.2f}", flush=True)
