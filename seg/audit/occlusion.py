"""Cover what a network should not look at, or put another image's there: does the answer elsewhere change?"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from seg.audit.cases import MARGIN_PX, STRONG, Case, Image, change
from seg.audit.regions import Region
from seg.model.run_predictor import Predict

_CONTROLS = 2


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
        covered: change per image where the region got the image's median.
        exchanged: where it got the same region of the next image.
        control: where as large a region elsewhere was covered or exchanged; several per image.
        example: the strongest change; None for an empty audit.
    """

    region: str
    covered: list[float]
    exchanged: list[float]
    control: list[float]
    example: Example | None = field(repr=False, default=None)

    @property
    def share(self) -> float:
        """Share of the images in which covering or exchanging the region strongly changes the answer elsewhere."""
        return float(np.mean(np.maximum(self.covered, self.exchanged) > STRONG))

    @property
    def control_share(self) -> float:
        """The same for regions of the same size inside the image."""
        return float(np.mean(np.array(self.control) > STRONG))

    @property
    def flagged(self) -> bool:
        """Whether the network looks at the region."""
        return self.share >= 0.1 and self.share >= 2 * self.control_share

    @property
    def sentence(self) -> str:
        """What was seen."""
        return (
            f"covering or exchanging {self.region} strongly changes the answer elsewhere in {self.share:.0%} of the "
            f"images, as much inside of the image in {self.control_share:.0%}"
        )


def occlude(cases: Sequence[Case], predict: Predict, name: str, region: Region, seed: int = 0) -> Occlusion:
    """Cover and exchange a region in every image.

    Args:
        cases: of one size.
        predict: the network.
        name: of the region.
        region: (H, W).
        seed: of the places of the controls.
    """
    rng, answers = np.random.default_rng(seed), [predict(case.image) for case in cases]
    covered, exchanged, control = list[float](), list[float](), list[float]()
    examples = list[Example]()
    for number, case in enumerate(cases):
        donor = cases[(number + 1) % len(cases)].image
        for kept, fill in ((covered, None), (exchanged, donor)):
            example = _change(case, predict, answers[number], region, fill)
            kept.append(example.effect)
            examples.append(example)
        shifts = rng.integers(0, region.shape, (_CONTROLS, 2))
        for fill, shift in zip((None, donor), shifts, strict=True):
            moved = np.roll(_movable(region), tuple(shift), axis=(0, 1))
            control.append(_change(case, predict, answers[number], moved & ~region, fill).effect)
    strongest = max(examples, key=lambda example: example.effect)
    return Occlusion(name, covered, exchanged, control, strongest)


def _change(case: Case, predict: Predict, before: Image, region: Region, fill: Image | None) -> Example:
    median = np.median(case.image, axis=(1, 2), keepdims=True)
    image = np.where(region, median if fill is None else fill, case.image).astype(np.float32)
    after = predict(image)
    far = ndimage.distance_transform_edt(~region) > MARGIN_PX
    effect = change(before, after, far) if far.any() else 0.0
    return Example(case.name, (case.image, before), (image, after), effect)


def _movable(region: Region) -> Region:
    """Return the region, or a block as large where it is a frame, whose copy would lie on the border again."""
    if not (region[0].all() and region[:, 0].all()):
        return region
    side = int(np.sqrt(region.sum()))
    block = np.zeros_like(region)
    block[:side, :side] = True
    return block
