"""Refuse images that are in two splits."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.sample import Sample
from seg.data.split import SplitIndices


def refuse_leakage(samples: Sequence[Sample], split: SplitIndices) -> None:
    """Check that no image is in two splits, not even flipped or rotated.

    Args:
        samples: of all splits.
        split: indices into the samples.

    Raises:
        ValueError: an image is in two splits; names every such pair.
    """
    first_seen: dict[str, tuple[str, str]] = {}
    pairs = []
    places = [(name, index) for name in ("train", "val", "test") for index in getattr(split, name)]
    sketches = {index: _sketch(samples[index]) for _, index in places}
    alike = Counter(sketches.values())
    for split_name, index in places:
        if alike[sketches[index]] > 1:  # else no other picture is the same
            name = samples[index].name
            other_name, other_split = first_seen.setdefault(identity(samples[index].image), (name, split_name))
            if other_split != split_name:
                pairs.append(f"{other_name} ({other_split}) and {name} ({split_name})")
    if pairs:
        raise ValueError(f"the same picture is in two splits, remove one or group them: {'; '.join(pairs)}")


def _sketch(sample: Sample) -> tuple[Any, ...]:
    """Return what flips and quarter turns leave as it is, quickly."""
    total = 0
    for strip in sample.image_strips():
        bits = np.ascontiguousarray(strip).view(f"u{strip.dtype.itemsize}")
        total = (total + int(bits.sum(dtype=np.uint64))) % 2**64
    return tuple(sorted(sample.shape[:2])), sample.shape[2:], sample.dtype, total


def identity(image: NDArray[Any]) -> str:
    """Return a hash that is invariant to flips and quarter turns."""
    turned = [np.rot90(picture, turns) for picture in (image, image[::-1]) for turns in range(4)]
    return min(hashlib.sha256(str(view.shape).encode() + view.tobytes()).hexdigest() for view in turned)
