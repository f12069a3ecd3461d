"""Validation and test take images whole: refuse those that this machine cannot hold, before any training."""

import os
from collections.abc import Sequence

from seg.data.sample import Sample
from seg.data.split import SplitIndices

#: That the network takes for a pixel of an image, in bytes.
_BYTES_PER_PIXEL = 150


def check_whole(samples: Sequence[Sample], split: SplitIndices) -> None:
    """Check that the network can take each image of validation and test at once.

    Args:
        samples: of all splits.
        split: indices into the samples.

    Raises:
        ValueError: an image needs more memory than there is; names every such image.
    """
    memory = memory_bytes()
    large = [
        f"{samples[index].name} ({name}, {shape[1]}x{shape[0]}: {shape[0] * shape[1] * _BYTES_PER_PIXEL / 1e9:.1f} GB)"
        for name in ("val", "test")
        for index in getattr(split, name)
        for shape in [samples[index].shape]
        if shape[0] * shape[1] * _BYTES_PER_PIXEL > memory
    ]
    if large:
        raise ValueError(
            f"validation and test take each image whole, and this machine has {memory / 1e9:.1f} GB of memory, too "
            f"little for {', '.join(large)}: cut these images into files of about 4,000 x 4,000 pixels, or leave them "
            "to the training, e.g. by the column split of seg.data.manifest.Manifest"
        )


def memory_bytes() -> float:
    """Return the memory of this machine; without end where the system does not tell it."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # of POSIX alone
        return float("inf")
