"""What a data source hands over: one image and the mask of its boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sample:
    """One annotated image.

    Attributes:
        name: unique within its source; file names and split groups are read from it.
        image: (H, W) or (H, W, 3), the dtype of the file.
        mask: (H, W) bool, True on the boundary.
    """

    name: str
    image: NDArray[Any]
    mask: NDArray[np.bool_]


class Source(Sequence[Sample]):
    """Where samples come from: anything with a length and an index, in the order of the sections."""
