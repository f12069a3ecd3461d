"""A hash of everything that a training sees of its data."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from seg.data.sample import Sample


def hash_samples(splits: Mapping[str, Sequence[Sample]]) -> str:
    """Return the sha256 of images, masks, labels and void pixels, with the names and the split.

    Args:
        splits: name of a split -> its samples.
    """
    digest = hashlib.sha256()
    for split, samples in splits.items():
        for sample in samples:
            digest.update(f"{split} {sample.name} {sample.shape} {sample.dtype}".encode())
            for part in sample.strips():
                digest.update(np.ascontiguousarray(part.image).tobytes() + np.packbits(part.mask).tobytes())
                digest.update(b"" if part.labels is None else np.ascontiguousarray(part.labels).tobytes())
                digest.update(b"" if part.valid is None else b"valid" + np.packbits(part.valid).tobytes())
    return digest.hexdigest()
