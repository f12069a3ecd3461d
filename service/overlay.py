"""The boundary drawn over the image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.scaling import IntensityScaling, match_channels, scale

_COLOR = (255, 90, 0)
_OPACITY = 0.65


def draw_overlay(image: NDArray[Any], boundary: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return an RGB picture, (H, W, 3), whose contrast is stretched as it is for the network.

    Args:
        image: (H, W) or (H, W, 3), of any type.
        boundary: (H, W), drawn in orange.
    """
    gray = scale(image, IntensityScaling().limits(image))
    picture = match_channels(gray, 3) * 255
    picture[boundary] += _OPACITY * (np.array(_COLOR) - picture[boundary])
    return picture.round().astype(np.uint8)
