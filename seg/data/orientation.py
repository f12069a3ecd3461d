"""Image orientation, as stored in the tags of TIFF and EXIF."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

ORIENTATION_TAG = 274

_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


def apply_orientation(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return the image as it is meant to be displayed.

    Args:
        image: (H, W) or (H, W, 3) as stored.
        orientation: value of the orientation tag, 1 to 8; other values change nothing.
    """
    turn = _TURNS.get(orientation)
    return image if turn is None else np.ascontiguousarray(turn(image))
