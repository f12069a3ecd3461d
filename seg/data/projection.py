"""One image of all sections of a stack."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.image_error import ImageError
from seg.data.planes import Projection


def project(every: Iterator[NDArray[Any]], projection: Projection | None) -> NDArray[Any]:
    """Return the largest values of all planes, or their mean in the same type, one plane at a time.

    Args:
        every: planes, at least one.
        projection: which of the two.

    Raises:
        ImageError: the planes have different sizes.
    """
    first = next(every)
    result = first if projection == "max" else first.astype(np.float64)
    for count, plane in enumerate(every, start=2):
        of_one_size([result, plane])
        result = np.maximum(result, plane) if projection == "max" else result + (plane - result) / count
    return (result.round() if first.dtype.kind in "iu" else result).astype(first.dtype)


def of_one_size(parts: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return the parts of an image.

    Raises:
        ImageError: they have different sizes.
    """
    if len({part.shape for part in parts}) > 1:
        raise ImageError("unsupported_samples", "the channels or sections of the image have different sizes")
    return parts
