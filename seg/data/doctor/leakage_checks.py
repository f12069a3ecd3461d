"""Images that are alike: within a split, and across splits."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from seg.data.doctor.finding import Finding, some, warn
from seg.data.doctor.similarity import Spectra, correlation, features_of
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


def check_near_duplicates(samples: Sequence[Sample], split: SplitIndices) -> Iterator[Finding]:
    """Warn of pictures of one place in two splits, also cropped, shifted, noisy, compressed or brighter.

    Args:
        samples: of all splits.
        split: of the samples.
    """
    spectra = Spectra(features_of([sample.image for sample in samples]))
    pairs = []
    for one, other in itertools.combinations(("train", "val", "test"), 2):
        for first, second in itertools.product(getattr(split, one), getattr(split, other)):
            alike = spectra.similarity(first, second)
            if alike > SAME and identity(samples[first].image) != identity(samples[second].image):
                pairs.append(f"{samples[first].name} ({one}) and {samples[second].name} ({other}): {alike:.2f}")
    if pairs:
        yield warn("near-duplicates", f"pictures of the same place in two splits, group them: {some(pairs)}")


def check_neighbors(samples: Sequence[Sample], split: SplitIndices) -> Iterator[Finding]:
    """Warn of neighboring sections in two splits, where neighbors are alike.

    Args:
        samples: of all splits.
        split: of the samples.
    """
    if len(samples) <= _FAR_APART or len({sample.image.shape for sample in samples}) > 1:
        return
    features = features_of([sample.image for sample in samples])
    near = float(np.mean([correlation(a, b) for a, b in itertools.pairwise(features)]))
    far = float(np.mean([correlation(a, b) for a, b in zip(features, features[_FAR_APART:], strict=False)]))
    part = {index: name for name in ("train", "val", "test") for index in getattr(split, name)}
    torn = [
        f"{samples[index].name} ({part[index]}) and {samples[index + 1].name} ({part[index + 1]})"
        for index in range(len(samples) - 1)
        if index in part and index + 1 in part and part[index] != part[index + 1]
    ]
    if torn and near > far + _SERIES:
        yield warn(
            "neighboring sections",
            f"neighbors are alike (correlation {near:.2f}, {far:.2f} at a distance of {_FAR_APART}), these are in two "
            f"splits: {some(torn)}; use seg.data.split.BlockSplit or seg.data.stack_split.StackSplit with gap: 1",
        )
