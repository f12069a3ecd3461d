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
            digest.update(f"{split} {sample.name} {sample.image.shape} {sample.image.dtype}".encode())
            digest.update(np.ascontiguousarray(sample.image).tobytes() + np.packbits(sample.mask).tobytes())
            digest.update(b"" if sample.labels is None else np.ascontiguousarray(sample.labels).tobytes())
            digest.update(b"" if sample.valid is None else b"valid" + np.packbits(sample.valid).tobytes())
    return digest.hexdigest()
