"""Simulated scores of equal losses, whose runs and images vary as told."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from seg.analysis.units import Units

Scores = NDArray[np.float64]

LOSSES = 4


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
    def units(self) -> Units:
        """What the split says of the images."""
        if self.correlation:
            return Units(("volume",) * self.images, serial=True)
        return Units(
            tuple(str(image * self.clusters // self.images if self.clusters else image) for image in range(self.images))
        )

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


def p_values(scores: Scores, units: Units) -> Scores:
    """Return the p-value of each pair of losses, those of the first loss first.

    Args:
        scores: (losses, seeds, images).
        units: what is independent among the images.
    """
    correlation = units.correlation(list(scores))
    variances = [units.variance(one - other, correlation) for one, other in combinations(scores, 2)]
    return np.array([each.p_value(each.mean) for each in variances if each])
