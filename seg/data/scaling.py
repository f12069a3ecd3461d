"""Convert images of any type to the network's input, alike for training, prediction and service."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.quantiles import quantiles_of_counts
from seg.data.sample import Sample
from seg.data.streamed_limits import stream_percentiles

#: Intensities that map to 0 and 1, of all channels or of each.
Limits = tuple[float, float] | tuple[NDArray[np.float64], NDArray[np.float64]]

#: Scales the largest floating-point numbers, exactly, to where sums and differences of a few do not overflow.
_QUARTER = 0.25


@dataclass(frozen=True)
class IntensityScaling:
    """Map two percentiles of each image's intensities to 0 and 1 and clip the rest.

    The result depends neither on the file's type (8-bit, 16-bit, 12-in-16, float) nor on the exposure. At most the
    share of pixels outside of the percentiles is clipped.

    Attributes:
        low_percentile: maps to 0, in percent.
        high_percentile: maps to 1, in percent.

    Raises:
        ValueError: not 0 <= low_percentile < high_percentile <= 100.
    """

    low_percentile: float = 0.1
    high_percentile: float = 99.9

    def __post_init__(self) -> None:
        if not 0 <= self.low_percentile < self.high_percentile <= 100:
            raise ValueError(
                "percentiles must satisfy 0 <= low_percentile < high_percentile <= 100, "
                f"got {self.low_percentile} and {self.high_percentile}"
            )

    def limits(self, image: NDArray[Any], alone: int = 1) -> Limits:
        """Return the intensities of `image` that map to 0 and 1.

        Args:
            image: (H, W) or (H, W, C).
            alone: number of channels that are scaled each by itself, C of one section; 1 scales all alike.

        Returns:
            Two numbers; with several channels alone, two arrays (C,).
        """
        if alone > 1:
            each = np.array([self.limits(image[..., channel::alone]) for channel in range(alone)])
            low, high = np.tile(each, (image.shape[2] // alone, 1)).T
            return low, high
        percentiles = [self.low_percentile, self.high_percentile]
        if image.dtype in (np.uint8, np.uint16):
            low, high = quantiles_of_counts(image, [percentile / 100 for percentile in percentiles])
            return float(low), float(high)
        with np.errstate(over="ignore", invalid="ignore"):
            limits = np.percentile(image, percentiles)
        if not np.isfinite(limits).all():  # differences of the largest numbers overflow
            limits = np.percentile(image * _QUARTER, percentiles) / _QUARTER
        return float(limits[0]), float(limits[1])


def limits_of(sample: Sample, scaling: IntensityScaling, channels: int, alone: int = 1) -> Limits:
    """Return the intensities of a sample that map to 0 and 1; one that does not fit into the memory is read in parts.

    Args:
        sample: whose image is scaled.
        scaling: of the intensities.
        channels: of the network's input.
        alone: as for `IntensityScaling.limits`.
    """
    first = next(sample.image_strips())
    if first.shape[:2] == sample.shape[:2]:
        return scaling.limits(match_channels(first, channels), alone)
    each = [_streamed(sample, scaling, channels, slice(channel, None, alone)) for channel in range(alone)]
    if alone == 1:
        return each[0]
    low, high = np.tile(np.array(each), (channels // alone, 1)).T
    return low, high


def _streamed(sample: Sample, scaling: IntensityScaling, channels: int, chosen: slice) -> tuple[float, float]:
    count = sample.shape[0] * sample.shape[1] * len(range(channels)[chosen])
    parts = (match_channels(strip, channels)[..., chosen] for strip in sample.image_strips())
    low, high = stream_percentiles(parts, count, (scaling.low_percentile, scaling.high_percentile))
    return float(low), float(high)


def match_channels(image: NDArray[Any], channels: int) -> NDArray[Any]:
    """Return (H, W, channels): grey repeated for three channels, RGB averaged for one.

    Args:
        image: (H, W), (H, W, 3), or with `channels` channels.
        channels: of the result.

    Raises:
        ValueError: the image has another number of channels.
    """
    own = 1 if image.ndim == 2 else image.shape[2]
    if own == channels or (image.ndim == 2 and channels == 3):
        grey = image[..., None] if image.ndim == 2 else image
        return grey if own == channels else np.repeat(grey, channels, axis=2)
    if (own, channels) != (3, 1):
        raise ValueError(f"the image has {own} channel(s), the network takes {channels}: give an image with as many")
    exact_enough = np.float32 if image.dtype.itemsize <= 2 else np.float64  # the mean of a large image is large, too
    with np.errstate(over="ignore"):
        mean: NDArray[Any] = image.mean(axis=2, keepdims=True, dtype=exact_enough)
    if not np.isfinite(mean).all():  # the sum of the largest numbers overflows
        mean = (image * _QUARTER).mean(axis=2, keepdims=True, dtype=exact_enough) / _QUARTER
    return mean


def visible(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image that can be seen, (H, W) or (H, W, 3): two channels in magenta and green, the first of more."""
    if image.ndim == 2 or image.shape[2] == 3:
        return image
    if image.shape[2] == 1:
        return image[..., 0]
    return image[..., [0, 1, 0] if image.shape[2] == 2 else [0, 1, 2]]


def scale(image: NDArray[Any], limits: Limits) -> NDArray[np.float32]:
    """Return the intensities between the limits as [0, 1]; an image without contrast becomes 0.

    Args:
        image: of any type and shape.
        limits: intensities that map to 0 and 1.
    """
    low, high = limits
    samples = image.astype(np.float64)
    if not np.isfinite(np.subtract(high, low)).all():
        samples, low, high = samples * _QUARTER, low * _QUARTER, high * _QUARTER
    samples -= low
    with np.errstate(over="ignore"):  # of what lies above two limits that are one
        samples /= np.maximum(np.subtract(high, low), np.finfo(np.float64).tiny)
    return samples.clip(0, 1, out=samples).astype(np.float32)


def normalize(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the network's input (C, H, W) in [-1, 1] for (H, W, C) in [0, 1]."""
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)) * np.float32(2) - np.float32(1)


def prepare(image: NDArray[Any], scaling: IntensityScaling, channels: int, alone: int = 1) -> NDArray[np.float32]:
    """Return the network's input (C, H, W) in [-1, 1].

    Args:
        image: (H, W) or (H, W, C), as read from its file.
        scaling: of the intensities.
        channels: C.
        alone: as for `IntensityScaling.limits`.
    """
    matched = match_channels(image, channels)
    return normalize(scale(matched, scaling.limits(matched, alone)))
