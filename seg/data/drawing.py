"""An image as it is shown."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.scaling import IntensityScaling, scale, visible

#: Rows that are drawn at a time, which take 40 bytes per pixel.
_BAND_PX = 256


def draw_picture(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an 8-bit picture, (H, W) or (H, W, 3), whose contrast is stretched as it is for the network.

    Args:
        image: (H, W) or (H, W, C), of any type; two channels are drawn in magenta and green.
    """
    channels = 1 if image.ndim == 2 else image.shape[2]
    image = visible(image)
    limits = IntensityScaling().limits(image, alone=1 if channels in (1, 3) else 3)
    picture = np.empty(image.shape, np.uint8)
    for start in range(0, len(image), _BAND_PX):
        band = slice(start, start + _BAND_PX)
        picture[band] = (scale(image[band], limits) * 255).round()
    return picture
