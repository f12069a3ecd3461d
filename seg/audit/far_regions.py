"""What regions far from a boundary add to the answer there: attribution from one image to another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from torch import nn

from seg.analysis.variance import LEVEL, holm
from seg.audit.attribution import WINDOW_PX, gradients
from seg.audit.cases import MARGIN_PX, Case, Image, donors, like
from seg.audit.chance import Scores, chance
from seg.audit.regions import Region
from seg.model.run_predictor import Predict

#: Images that are examined (fewer of larger ones), and boundary pixels in each.
_IMAGES, _PIXELS = 12, 64
#: A smaller share of the answer is none, nor is one that is not this many times as large as that of other places.
_LEAST, _TIMES = 0.03, 3


@dataclass(frozen=True)
class FarRegion:
    """How much of the answer inside of images a region far from it makes.

    Attributes:
        region: its name.
        shares: absolute sum of the attributions in the region, one per image, in units of the mean over the images of
            the absolute sum in the whole image.
        controls: the same for its mirror images, which are as large and as far, (N, 3).
        p: of the shares being those of any mirror image, corrected for the number of regions.
    """

    region: str
    shares: Scores
    controls: Scores
    p: float

    @property
    def share(self) -> float:
        """Mean over the images."""
        return float(self.shares.mean())

    @property
    def control_share(self) -> float:
        """The same for the mirror images."""
        return float(self.controls.mean())

    @property
    def flagged(self) -> bool:
        """Whether the network looks at the region more than at its mirror images."""
        return self.p <= LEVEL and self.share >= max(_LEAST, _TIMES * self.control_share)

    @property
    def sentence(self) -> str:
        """What was seen."""
        return (
            f"{self.share:.1%} of the answer at boundary pixels far from {self.region} rests on it, "
            f"{self.control_share:.1%} on its mirror images"
        )


def attribute_regions(
    cases: Sequence[Case], network: nn.Module, predict: Predict, regions: Mapping[str, Region], seed: int = 0
) -> list[FarRegion]:
    """Attribute the difference between the answers to two images to regions that should not matter.

    Args:
        cases: of one size.
        network: images (N, C, H, W) -> logits (N, K, H, W), in evaluation mode.
        predict: the same for one image, as probability.
        regions: name -> (H, W); those without other mirror images are left out.
        seed: of the choice of pixels.

    Returns:
        Nothing where the images are too small or too large.
    """
    answers = [predict(case.image) for case in cases]
    mirrored = {name: _mirror_images(region) for name, region in regions.items()}
    mirrored = {name: places for name, places in mirrored.items() if places}
    count = min(_IMAGES, len(cases), _IMAGES * WINDOW_PX**2 // answers[0].size)
    inside = ndimage.distance_transform_edt(~np.logical_or.reduce(list(regions.values()))) > MARGIN_PX
    if not (mirrored and inside.any() and count > 1):
        return []
    rng, fills = np.random.default_rng(seed), donors(answers)
    weights = [
        _difference(network, cases[number].image, cases[fills[number]].image, answers[number] * inside, rng)
        for number in np.linspace(0, len(cases) - 1, count).round().astype(int)
    ]
    found = [_far_region(name, [regions[name], *places], weights, seed) for name, places in mirrored.items()]
    corrected = holm(np.array([each.p for each in found]))
    return [replace(each, p=float(p)) for each, p in zip(found, corrected, strict=True)]


def _mirror_images(region: Region) -> list[Region]:
    """Return the three mirror images of a region without the region itself; none where they overlap it."""
    mirrored = [region[::-1], region[:, ::-1], region[::-1, ::-1]]
    return [] if any((each & region).any() for each in mirrored) else mirrored


def _difference(network: nn.Module, image: Image, other: Image, answer: Image, rng: np.random.Generator) -> Image:
    """Return what each pixel adds to the logits at the most probable boundary, coming from another image, (H, W)."""
    likely = np.argsort(answer, axis=None)[-4 * _PIXELS :]
    places = np.unravel_index(rng.permutation(likely)[:_PIXELS], answer.shape)
    added: Image = gradients(network, image, (places[0], places[1]), like(other, image)).sum(axis=0)
    return added


def _far_region(name: str, places: Sequence[Region], weights: Sequence[Image], seed: int) -> FarRegion:
    total = max(float(np.mean([abs(float(weight.sum())) for weight in weights])), 1e-12)
    sums = np.array([[abs(float(weight[place].sum())) for place in places] for weight in weights]) / total
    return FarRegion(name, sums[:, 0], sums[:, 1:], chance(sums[:, 0], sums[:, 1:], seed))
