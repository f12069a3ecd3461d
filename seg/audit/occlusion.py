"""Cover what a network should not look at, or put another image's there: does the answer elsewhere change?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from seg.analysis.variance import LEVEL, holm
from seg.audit.cases import MARGIN_PX, STRONG, Case, Image, change, donors, like
from seg.audit.chance import Scores, chance
from seg.audit.regions import Region
from seg.model.run_predictor import Predict

#: Places of the same size in each image that are covered and exchanged, too.
_CONTROLS = 2
#: A smaller mean effect elsewhere is none, nor is one that is not this many times as large as that of other places.
_LEAST, _TIMES = 0.1, 3


@dataclass(frozen=True)
class Example:
    """The strongest change: the image and its probability, before and after."""

    name: str
    before: tuple[Image, Image]
    after: tuple[Image, Image]
    effect: float


@dataclass(frozen=True)
class Occlusion:
    """What a region changes elsewhere.

    Attributes:
        region: its name.
        effects: change of each image, the larger of two: the region got the image's median, or another image's region.
        controls: the same for places of the same size inside of the image, (N, K).
        p: of the effects being those of any place, corrected for the number of regions.
        example: the strongest change; None for an empty audit.
    """

    region: str
    effects: Scores
    controls: Scores
    p: float = 1.0
    example: Example | None = field(repr=False, default=None)

    @property
    def share(self) -> float:
        """Share of the images in which covering or exchanging the region strongly changes the answer elsewhere."""
        return float(np.mean(self.effects > STRONG))

    @property
    def control_share(self) -> float:
        """The same for places of the same size."""
        return float(np.mean(self.controls > STRONG))

    @property
    def effect(self) -> float:
        """Mean change over the images."""
        return float(self.effects.mean())

    @property
    def control_effect(self) -> float:
        """The same for places of the same size."""
        return float(self.controls.mean())

    @property
    def flagged(self) -> bool:
        """Whether the network looks at the region: strongly in some images, or more than elsewhere in all of them."""
        strongly = self.share >= 0.1 and self.share >= 2 * self.control_share
        return strongly or (self.p <= LEVEL and self.effect >= max(_LEAST, _TIMES * self.control_effect))

    @property
    def sentence(self) -> str:
        """What was seen."""
        return (
            f"covering or exchanging {self.region} changes {self.effect:.0%} of the answer elsewhere (strongly in "
            f"{self.share:.0%} of the images), places inside of the image {self.control_effect:.0%} "
            f"({self.control_share:.0%})"
        )


def occlude(cases: Sequence[Case], predict: Predict, regions: Mapping[str, Region], seed: int = 0) -> list[Occlusion]:
    """Cover and exchange each region in every image.

    Args:
        cases: of one size.
        predict: the network.
        regions: name -> (H, W).
        seed: of the places of the controls.
    """
    answers = [predict(case.image) for case in cases]
    found = [_occlude(cases, answers, predict, name, region, seed) for name, region in regions.items()]
    corrected = holm(np.array([each.p for each in found]))
    return [replace(each, p=float(p)) for each, p in zip(found, corrected, strict=True)]


def _occlude(
    cases: Sequence[Case], answers: Sequence[Image], predict: Predict, name: str, region: Region, seed: int
) -> Occlusion:
    rng, movable = np.random.default_rng(seed), _movable(region)
    examples, controls = list[Example](), list[list[float]]()
    for case, before, donor in zip(cases, answers, donors(answers), strict=True):
        fill = like(cases[donor].image, case.image)
        examples.append(_strongest(case, predict, before, region, fill))
        shifts = rng.integers(0, region.shape, (_CONTROLS, 2))
        places = [np.roll(movable, tuple(shift), axis=(0, 1)) & ~region for shift in shifts]
        controls.append([_strongest(case, predict, before, place, fill).effect for place in places])
    effects, others = np.array([each.effect for each in examples]), np.array(controls)
    example = max(examples, key=lambda each: each.effect)
    return Occlusion(name, effects, others, chance(effects, others, seed), example)


def _strongest(case: Case, predict: Predict, before: Image, region: Region, donor: Image) -> Example:
    """Return the larger of the changes by covering a region and by exchanging it."""
    median = np.median(case.image, axis=(1, 2), keepdims=True)
    far = ndimage.distance_transform_edt(~region) > MARGIN_PX
    tried = list[Example]()
    for fill in (median, donor):
        image = np.where(region, fill, case.image).astype(np.float32)
        after = predict(image)
        effect = change(before, after, far) if far.any() else 0.0
        tried.append(Example(case.name, (case.image, before), (image, after), effect))
    return max(tried, key=lambda each: each.effect)


def _movable(region: Region) -> Region:
    """Return the region, or a block as large where it touches all sides, whose copy would lie on the border again."""
    if not (region.any(axis=0).all() and region.any(axis=1).all()):
        return region
    side = int(np.sqrt(region.sum()))
    block = np.zeros_like(region)
    block[:side, :side] = True
    return block
