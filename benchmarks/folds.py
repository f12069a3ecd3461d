"""False alarms and coverage of a cross-validation, whose training images overlap; part of benchmarks.verdict."""

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.worlds import LOSSES
from seg.analysis.units import Units
from seg.analysis.variance import LEVEL, holm

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class FoldWorld:
    """Four equal losses; standard deviations of the parts of a score that differ from loss to loss.

    Attributes:
        name: for the table.
        seeds, images, folds: of a comparison; each image is tested once.
        training: of what one fold's images, as training images, add to the scores of all networks trained on them.
        run: of a network.
        image: of what an image means to a loss.
        noise: of a loss, a seed and an image.
    """

    name: str
    seeds: int = 3
    images: int = 20
    folds: int = 5
    training: float = 0.0
    run: float = 0.14
    image: float = 0.5
    noise: float = 0.5

    @property
    def units(self) -> Units:
        """What the records say of the images; one fold is validation."""
        folds = tuple(image * self.folds // self.images for image in range(self.images))
        return Units(tuple(map(str, range(self.images))), folds=folds, ratio=1 / (self.folds - 2))

    def draw(self, rng: np.random.Generator, comparisons: int) -> Scores:
        """Return scores (comparisons, losses, seeds, images) of equal losses, 0 on average."""
        folds = np.array(self.units.folds)
        taught = self.training * rng.standard_normal((comparisons, LOSSES, 1, self.folds))
        trained = np.array([[(fold - test) % self.folds > 1 for fold in range(self.folds)] for test in folds])
        from_training = taught @ trained.T / (self.folds - 2)
        runs = self.run * rng.standard_normal((comparisons, LOSSES, self.seeds, self.folds))[..., folds]
        images = self.image * rng.standard_normal((comparisons, LOSSES, 1, self.images))
        return from_training + runs + images + self.noise * rng.standard_normal(runs.shape)


class FoldRates(NamedTuple):
    """False alarms of whole comparisons, and coverage of the 95 % intervals of pairs."""

    false_alarms: float
    coverage: float
    uncorrected: float


def fold_rates(world: FoldWorld, comparisons: int) -> FoldRates:
    """Judge comparisons of equal losses, with Nadeau and Bengio's correction and as if all images were independent.

    Args:
        world: to draw from.
        comparisons: simulated.
    """
    scores = world.draw(np.random.default_rng(2026), comparisons)
    corrected, plain = (
        np.array([_p_values(each, units) for each in scores]) for units in (world.units, Units(world.units.groups))
    )
    return FoldRates(
        float(np.mean([holm(family).min() <= LEVEL for family in corrected])),
        float(np.mean(corrected > LEVEL)),
        float(np.mean([holm(family).min() <= LEVEL for family in plain])),
    )


def _p_values(scores: Scores, units: Units) -> Scores:
    variances = [units.variance(one - other) for one, other in combinations(scores, 2)]
    return np.array([each.p_value(each.mean) for each in variances if each])


def print_folds(comparisons: int) -> None:
    """Print a line for each world.

    Args:
        comparisons: simulated, for each line.
    """
    print(f"\n{'folds':34} seeds images folds  false alarms  coverage  false alarms, images independent", flush=True)
    for training in (0.0, 0.2, 0.4):
        for folds, images in ((3, 20), (5, 20), (5, 60), (10, 60)):
            world = FoldWorld(f"training images matter by {training:g}", images=images, folds=folds, training=training)
            shown = "  ".join(f"{share:9.1%}" for share in fold_rates(world, comparisons))
            print(f"{world.name:34} {world.seeds:5} {world.images:6} {world.folds:5}  {shown}", flush=True)
