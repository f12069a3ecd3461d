"""The boundary drawn over the image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.drawing import draw_picture
from seg.data.scaling import match_channels

_COLOR = (255, 90, 0)
_OPACITY = 0.65

#: Rows that are drawn at a time, which take 40 bytes per pixel.
_BAND_PX = 256


def draw_overlay(image: NDArray[Any], boundary: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return an RGB picture, (H, W, 3), whose contrast is stretched as it is for the network.

    Args:
        image: (H, W) or (H, W, C), of any type; two channels are drawn in magenta and green.
        boundary: (H, W), drawn in orange.
    """
    picture = match_channels(draw_picture(image), 3).copy()
    for start in range(0, len(image), _BAND_PX):
        band, drawn = picture[start : start + _BAND_PX], boundary[start : start + _BAND_PX]
        colors = band[drawn].astype(np.float32)
        band[drawn] = (colors + _OPACITY * (np.array(_COLOR) - colors)).round()
    return picture
