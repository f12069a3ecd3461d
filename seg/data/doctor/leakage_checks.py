"""Images that are alike: within a split, and across splits."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from seg.data.doctor.finding import Finding, some, warn
from seg.data.doctor.neighbors import SPLITS, Pair
from seg.data.doctor.similarity import correlation, features_of
from seg.data.leakage import identity
from seg.data.sample import Sample
from seg.data.split import SplitIndices

#: Correlation of two pictures of the same place; different places of one tissue stay below.
SAME = 0.75

#: Neighbors are more alike than sections farther apart by this much in the mean.
_SERIES = 0.1

_FAR_APART = 5


def check_duplicates(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of images that are there twice, also flipped or turned."""
    seen: dict[str, str] = {}
    pairs = []
    for sample in samples:
        first = seen.setdefault(identity(sample.image), sample.name)
        if first != sample.name:
            pairs.append(f"{first} and {sample.name}")
    if pairs:
        yield warn("duplicates", f"the same picture, remove one: {some(pairs)}")


def check_same_masks(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of one mask for several images, which was saved under the name of another."""
    seen: dict[bytes, Sample] = {}
    pairs = []
    for sample in samples:
        if sample.mask.any() and not sample.mask.all():
            first = seen.setdefault(np.packbits(sample.mask).tobytes() + str(sample.mask.shape).encode(), sample)
            if first is not sample and identity(first.image) != identity(sample.image):
                pairs.append(f"{first.name} and {sample.name}")
    if pairs:
        yield warn("same mask", f"different images have the same mask, is it that of both? {some(pairs)}")


def check_near_duplicates(samples: Sequence[Sample], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Warn of pictures of one place in two splits, also cropped, shifted, noisy, compressed or brighter.

    Args:
        samples: of all splits.
        pairs: of images in two splits.
    """
    found = [
        f"{_named(samples, pair.first)} and {_named(samples, pair.second)}: {pair.alike:.2f}"
        for pair in pairs
        if pair.alike > SAME and not pair.same
    ]
    if found:
        yield warn("near-duplicates", f"pictures of the same place in two splits, group them: {some(found)}")


def _named(samples: Sequence[Sample], place: tuple[str, int]) -> str:
    return f"{samples[place[1]].name} ({place[0]})"


def check_neighbors(samples: Sequence[Sample], split: SplitIndices) -> Iterator[Finding]:
    """Warn of neighboring sections in two splits, where neighbors are alike.

    Args:
        samples: of all splits.
        split: of the samples.
    """
    alike = serial_likeness(samples)
    if alike is None:
        return
    near, far = alike
    part = {index: name for name in SPLITS for index in getattr(split, name)}
    torn = [
        f"{samples[index].name} ({part[index]}) and {samples[index + 1].name} ({part[index + 1]})"
        for index in range(len(samples) - 1)
        if index in part and index + 1 in part and part[index] != part[index + 1]
    ]
    if torn and are_sections(near, far):
        yield warn(
            "neighboring sections",
            f"neighbors are alike (correlation {near:.2f}, {far:.2f} at a distance of {_FAR_APART}), these are in two "
            f"splits: {some(torn)}; use seg.data.split.BlockSplit or seg.data.stack_split.StackSplit with gap: 1",
        )


def serial_likeness(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """Return the mean correlation of neighbors and of images five apart; None for too few, or of several sizes.

    Args:
        samples: in the order of the source.
    """
    if len(samples) <= _FAR_APART or len({sample.image.shape for sample in samples}) > 1:
        return None
    features = features_of([sample.image for sample in samples])
    near = float(np.mean([correlation(a, b) for a, b in itertools.pairwise(features)]))
    far = float(np.mean([correlation(a, b) for a, b in zip(features, features[_FAR_APART:], strict=False)]))
    return near, far


def are_sections(near: float, far: float) -> bool:
    """Return whether images are neighboring sections by what `serial_likeness` found.

    Args:
        near: correlation of neighbors.
        far: of images five apart.
    """
    return near > far + _SERIES
