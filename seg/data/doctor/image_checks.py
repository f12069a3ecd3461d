"""Images without contrast, saturated ones, and those unlike the others in brightness or size."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.doctor.finding import Finding, some, warn
from seg.data.sample import Sample

#: More pixels at the largest value than any bright structure has.
_SATURATED = 0.05

#: Robust standard deviations from the median brightness, and the ratio to it.
_FAR, _RATIO = 8.0, 2.0

#: Share of the images that have the usual size, if there is one.
_USUAL = 0.8


def check_contrast(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of constant and of saturated images."""
    constant = [sample.name for sample in samples if sample.image.min() == sample.image.max()]
    shares = {sample.name: _share_at_largest(sample.image) for sample in samples if sample.name not in constant}
    saturated = [f"{name} ({share:.0%})" for name, share in shares.items() if share > _SATURATED]
    if constant:
        yield warn("contrast", f"all pixels have one value: {some(constant)}")
    if saturated:
        yield warn("saturation", f"many pixels have the largest value, so that structure is lost: {some(saturated)}")


def check_brightness(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of images much brighter or darker than the others."""
    means = np.array([sample.image.mean(dtype=np.float64) for sample in samples])
    center = np.median(means)
    spread = max(1.4826 * float(np.median(np.abs(means - center))), 1e-3 * abs(float(center)))
    odd = [
        f"{sample.name} (mean {mean:.4g}, usually {center:.4g})"
        for sample, mean in zip(samples, means, strict=True)
        if abs(mean - center) > _FAR * spread and _ratio(float(mean), float(center)) > _RATIO
    ]
    if odd:
        yield warn("brightness", f"much brighter or darker than the others: {some(odd)}")


def check_sizes(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of images of another size, where nearly all have one."""
    shapes = [sample.origin.shape for sample in samples]
    sizes = [f"{shape[1]}x{shape[0]}" for shape in shapes]
    usual, count = Counter(sizes).most_common(1)[0]
    odd = [f"{sample.name} ({size})" for sample, size in zip(samples, sizes, strict=True) if size != usual]
    if odd and count >= _USUAL * len(samples):
        yield warn("size", f"most images have {usual} pixels, is the scale of these the same? {some(odd)}")


def _share_at_largest(image: NDArray[Any]) -> float:
    """Return the share of the pixels at the largest value of the image, in its most saturated channel."""
    planes = image.reshape(*image.shape[:2], -1)
    return float((planes == planes.max()).mean(axis=(0, 1)).max())


def _ratio(first: float, second: float) -> float:
    low, high = sorted((abs(first), abs(second)))
    return high / max(low, 1e-12)
