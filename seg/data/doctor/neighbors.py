"""Which images of two splits are most alike."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from seg.data.doctor.similarity import Spectra, features_of
from seg.data.leakage import identity
from seg.data.sample import Sample
from seg.data.split import SplitIndices

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Pair:
    """Two images of different splits.

    Attributes:
        first: name of the split and index of the image.
        second: likewise, of a later split.
        alike: correlation coefficient at the best shift, see `seg.data.doctor.similarity`; 1 for the same picture.
        same: whether they are the same picture, also flipped or turned.
    """

    first: tuple[str, int]
    second: tuple[str, int]
    alike: float
    same: bool


def compare_splits(samples: Sequence[Sample], split: SplitIndices) -> list[Pair]:
    """Return all pairs of images in two splits.

    Args:
        samples: of all splits.
        split: of the samples.
    """
    spectra = Spectra(features_of([sample.image for sample in samples]))
    identities = [identity(sample.image) for sample in samples]
    pairs = []
    for one, other in itertools.combinations(SPLITS, 2):
        for first, second in itertools.product(getattr(split, one), getattr(split, other)):
            same = identities[first] == identities[second]
            alike = 1.0 if same else spectra.similarity(first, second)
            pairs.append(Pair((one, first), (other, second), alike, same))
    return pairs


def nearest_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pair of each validation and test image with the training image most like it, most alike first.

    Args:
        pairs: of all splits.
    """
    nearest: dict[tuple[str, int], Pair] = {}
    for pair in pairs:
        known = nearest.get(pair.second)
        if pair.first[0] == "train" and (known is None or pair.alike > known.alike):
            nearest[pair.second] = pair
    return sorted(nearest.values(), key=lambda pair: -pair.alike)
