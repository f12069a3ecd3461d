"""What a data source returns: one image with the mask of its boundaries and, where known, its cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sample:
    """One annotated image.

    Attributes:
        name: unique within its source; names output files and holds the split group.
        image: (H, W) or (H, W, 3), the dtype of the file.
        mask: (H, W) bool, True on the boundary.
        labels: (H, W) instance labels, 0 is background; None where the source has masks alone.
    """

    name: str
    image: NDArray[Any]
    mask: NDArray[np.bool_]
    labels: NDArray[np.int32] | None = None


class Source(Sequence[Sample]):
    """A sequence of samples, in the order of the sections of a volume."""
