"""How an image looks, in numbers that do not depend on what is in it: intensity, detail and texture."""

import numpy as np
from numpy.typing import NDArray

from seg.data.quantiles import quantiles_by_sorting

#: What a number of `describe` tells of.
KINDS = ("intensity", "detail", "texture")

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_OCTAVES = 5
_SMALLEST_PX = 8
_LEAST_CONTRAST = 1e-3

#: Every so many pixels are enough for quantiles.
_STRIDE = 2

#: The kind of each number that `describe` returns for a channel.
KIND_OF = ("intensity",) * len(_QUANTILES) + ("detail",) * _OCTAVES + ("texture",) * 2 * _OCTAVES

#: Smaller differences of these numbers mean nothing, by kind: shares of the range of intensities; octaves of contrast;
#: shares of the contrast.
TRIFLE = {"intensity": 0.03, "detail": 0.2, "texture": 0.03}


def describe(image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the appearance of an image, as many numbers per channel as `KIND_OF` has.

    Intensity: five quantiles. Detail: log2 of the contrast, the standard deviation of a pixel from the mean of its
    four neighbors, at full, half, ... 1/16 of the resolution. Texture, at each of these: the mean deviation as a share
    of the standard deviation, which is small where few pixels deviate much, and how much of the variance is brighter
    than the neighbors rather than darker, from -1 to 1. NaN at resolutions that the image is too small for.

    Args:
        image: (H, W, C) in [0, 1].
    """
    return np.concatenate([_describe_channel(image[..., channel]) for channel in range(image.shape[2])])


def _describe_channel(channel: NDArray[np.float32]) -> NDArray[np.float64]:
    octaves = np.full((3, _OCTAVES), np.nan)
    quantiles = quantiles_by_sorting(channel[::_STRIDE, ::_STRIDE], _QUANTILES)
    for octave in range(_OCTAVES):
        if min(channel.shape) < _SMALLEST_PX:
            break
        octaves[:, octave] = _describe_octave(channel)
        channel = _halve(channel)
    return np.concatenate([quantiles, octaves.ravel()])


def _describe_octave(channel: NDArray[np.float32]) -> tuple[float, float, float]:
    beside = channel[:-2, 1:-1] + channel[2:, 1:-1] + channel[1:-1, :-2] + channel[1:-1, 2:]
    deviation = (channel[1:-1, 1:-1] - beside * np.float32(0.25)).ravel()
    size = np.abs(deviation)
    contrast = max(float(np.sqrt(deviation @ deviation / deviation.size)), _LEAST_CONTRAST)
    brighter = float(deviation @ size) / deviation.size / contrast**2
    return float(np.log2(contrast)), float(size.mean()) / contrast, brighter


def _halve(channel: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = (side // 2 * 2 for side in channel.shape)
    rows = channel[:height:2, :width] + channel[1:height:2, :width]
    halved: NDArray[np.float32] = (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)
    return halved
