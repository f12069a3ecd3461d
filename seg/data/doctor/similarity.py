"""How alike two images are, whatever their brightness, noise, compression, crop or shift."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

#: Long enough to tell images apart, short enough to compare thousands of pairs.
_SIDE = 64

#: Of structures that are compared; slower changes are illumination.
_SIGMA = 6.0

#: Makes up for shifts by parts of a reduced pixel.
_SMOOTH = 0.7

#: An overlap below this share of the smaller image says little.
_LEAST_OVERLAP = 0.4

#: Reduced pixels that the correlation must rest on: one bright spot is like another.
_LEAST_PIXELS = 40

#: Standard deviations; brighter spots would outweigh everything else.
_LARGEST = 2.0

Feature = NDArray[np.float32]


def features_of(images: Sequence[NDArray[Any]]) -> list[Feature]:
    """Return all images reduced by one factor, without their slow changes of brightness.

    Args:
        images: (H, W) or (H, W, 3) of any type.
    """
    sides = [max(image.shape[:2]) for image in images]
    factor = max(1, round(float(np.median(sides)) / _SIDE))
    return [_feature(image, factor) for image in images]


def _feature(image: NDArray[Any], factor: int) -> Feature:
    grey = image.astype(np.float32) if image.ndim == 2 else image.mean(axis=2, dtype=np.float32)
    height, width = (max(1, side // factor) for side in grey.shape)
    factor = min(factor, *grey.shape)
    blocks = grey[: height * factor, : width * factor].reshape(height, factor, width, factor)
    small = blocks.mean(axis=(1, 3))
    feature = ndimage.gaussian_filter(small, _SMOOTH) - ndimage.gaussian_filter(small, _SIGMA)
    return np.asarray((feature / max(float(feature.std()), 1e-12)).clip(-_LARGEST, _LARGEST), np.float32)


class Spectra:
    """The Fourier transforms of features, by which any two are compared at all shifts at once.

    Args:
        features: see `features_of`.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = features
        largest = np.max([feature.shape for feature in features], axis=0)
        self.shape = tuple(fft.next_fast_len(2 * int(side), real=True) for side in largest)
        self._spectra = [_half_whitened(fft.rfft2(feature, self.shape)) for feature in features]

    def similarity(self, first: int, second: int) -> float:
        """Return the correlation coefficient of two images at their best shift, over what overlaps there.

        Args:
            first: index of an image.
            second: index of another.
        """
        peaks = fft.irfft2(self._spectra[first] * self._spectra[second].conj(), self.shape)
        down, right = np.unravel_index(int(peaks.argmax()), peaks.shape)
        shift = [
            int(at) if at < side / 2 else int(at) - side for at, side in zip((down, right), self.shape, strict=True)
        ]
        return _correlation(self.features[first], self.features[second], shift)


def _half_whitened(spectrum: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Return the spectrum with the roots of its magnitudes, so that fine structures count as much as coarse ones."""
    halved: NDArray[np.complex64] = spectrum / (np.sqrt(np.abs(spectrum)) + 1e-9)
    return halved


def _correlation(first: Feature, second: Feature, shift: Sequence[int]) -> float:
    """Return the correlation coefficient of the parts that overlap once `second` is moved; 0 if they are too small."""
    parts: list[tuple[slice, slice]] = []
    for length, other, move in zip(first.shape, second.shape, shift, strict=True):
        start, stop = max(0, move), min(length, other + move)
        if stop <= start:
            return 0.0
        parts.append((slice(start, stop), slice(start - move, stop - move)))
    of_first, of_second = first[parts[0][0], parts[1][0]], second[parts[0][1], parts[1][1]]
    if of_first.size < _LEAST_OVERLAP * min(first.size, second.size):
        return 0.0
    return correlation(of_first, of_second) if _contributing(of_first, of_second) >= _LEAST_PIXELS else 0.0


def _contributing(first: Feature, second: Feature) -> float:
    """Return how many pixels the correlation rests on: the squared sum of their shares over the sum of the squares."""
    shares = (first - first.mean()) * (second - second.mean())
    squares = float((shares**2).sum())
    return float(shares.sum()) ** 2 / squares if squares > 0 else 0.0


def correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the correlation coefficient; 0 if one array is constant.

    Args:
        first: of any shape.
        second: of the same shape.
    """
    a, b = first - first.mean(), second - second.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 0 else 0.0
