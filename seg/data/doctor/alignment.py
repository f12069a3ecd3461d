"""Masks that are shifted, flipped or turned against their images."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from seg.data.doctor.finding import Finding, some, warn
from seg.data.sample import Sample

#: Farther shifts are no mistake of registration; nearer ones are within the width of a drawn boundary.
_FARTHEST_PX, _NEAREST_PX = 32, 4

#: By how much the correlation must be better at the shift: as a difference and as a ratio.
_GAIN, _RATIO = 0.05, 1.5

#: Correlations below it are those of masks that fit their image nowhere.
_LEAST = 0.15

#: The same for flipped masks, which fit their image nowhere.
_LEAST_FLIPPED = 0.1

#: Smooths the gradient over the width of a boundary, in pixels.
_SIGMA_PX = 2.0

Shift = tuple[int, int]
Field = NDArray[np.float64]

_ORIENTATIONS: dict[str, Callable[[Field], Field]] = {
    "flipped upside down": np.flipud,
    "flipped left to right": np.fliplr,
    "turned by 180 degrees": lambda mask: mask[::-1, ::-1],
    "turned by 90 degrees": np.rot90,
    "turned by 270 degrees": lambda mask: np.rot90(mask, 3),
    "transposed": np.transpose,
    "transposed and turned by 180 degrees": lambda mask: mask[::-1, ::-1].T,
}


def check_alignment(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of masks that fit the gradient of their image much better when moved."""
    found = []
    for sample in samples:
        (down, right), there, here = best_shift(sample)
        if max(abs(down), abs(right)) >= _NEAREST_PX and there > max(_LEAST, here + _GAIN, _RATIO * here):
            found.append(
                f"{sample.name} (moved {down} px down and {right} px right: {there:.2f}, as it is: {here:.2f})"
            )
    if found:
        yield warn("alignment", f"masks fit the gradient of their image better when moved: {some(found)}")


def best_shift(sample: Sample) -> tuple[Shift, float, float]:
    """Return where the mask fits the image best.

    Returns:
        The move of the mask (pixels down, pixels right), the correlation coefficient of mask and gradient there, and
        the one without a move.
    """
    edges, mask, norm = _edges_and_mask(sample)
    if norm == 0:
        return (0, 0), 0.0, 0.0
    correlations = fft.irfft2(fft.rfft2(edges) * fft.rfft2(mask).conj(), edges.shape) / norm
    reach = [min(_FARTHEST_PX, side // 4) for side in edges.shape]
    near = np.roll(correlations, reach, (0, 1))[: 2 * reach[0] + 1, : 2 * reach[1] + 1]
    down, right = np.unravel_index(int(near.argmax()), near.shape)
    return (int(down) - reach[0], int(right) - reach[1]), float(near.max()), float(correlations[0, 0])


def check_orientation(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of masks that fit the gradient of their image much better when flipped or turned."""
    found = []
    for sample in samples:
        name, there, here = best_orientation(sample)
        if there > max(_LEAST_FLIPPED, here + _GAIN, _RATIO * here):
            found.append(f"{sample.name} ({name}: {there:.2f}, as it is: {here:.2f})")
    if found:
        yield warn("orientation", f"masks fit the gradient of their image better when flipped or turned: {some(found)}")


def best_orientation(sample: Sample) -> tuple[str, float, float]:
    """Return how the mask fits the image best: flipped, turned or transposed.

    Returns:
        What to do with the mask, the correlation coefficient of mask and gradient then, and the one as it is.
    """
    edges, mask, norm = _edges_and_mask(sample)
    if norm == 0:
        return "", 0.0, 0.0
    turned = {name: turn(mask) for name, turn in _ORIENTATIONS.items()}
    fits = {name: float((edges * each).sum()) / norm for name, each in turned.items() if each.shape == edges.shape}
    best = max(fits, key=lambda name: fits[name])
    return best, fits[best], float((edges * mask).sum()) / norm


def _edges_and_mask(sample: Sample) -> tuple[Field, Field, float]:
    """Return the smoothed gradient of the image and the mask, both around 0, and the product of their norms."""
    sample = sample.whole()
    grey = sample.image if sample.image.ndim == 2 else sample.image.mean(axis=2)
    gradient = ndimage.gaussian_gradient_magnitude(grey.astype(np.float64), 1.0)
    edges = ndimage.gaussian_filter(gradient, _SIGMA_PX)
    rarer = sample.mask if sample.mask.mean() <= 0.5 else ~sample.mask  # an inverted mask is another mistake
    edges, mask = edges - edges.mean(), rarer - rarer.mean()
    return edges, mask, float(np.sqrt((edges**2).sum() * (mask**2).sum()))
