"""How large the cells of an image are, and images of another scale."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from seg.data.doctor.finding import Finding, some, warn
from seg.data.sample import Sample

#: Robust standard deviations of the logarithm from the median size, and the ratio to it.
_FAR, _RATIO = 5.0, 2.0

#: Fewer cells say little of the scale of an image.
_LEAST_CELLS = 3

#: Parts between boundaries of fewer pixels are gaps of the drawing.
_LEAST_PX = 9


def cell_diameters(sample: Sample) -> NDArray[np.float64]:
    """Return the diameters, in pixels, of circles of the cells' areas: of the labels, or of what boundaries enclose."""
    labels = sample.labels
    if labels is None:
        inside = ~sample.mask if sample.valid is None else ~sample.mask & sample.valid
        labels = ndimage.label(inside)[0]
    areas = np.unique(labels[labels > 0], return_counts=True)[1]
    if sample.labels is None:
        areas = areas[areas >= _LEAST_PX]
    return np.asarray(2 * np.sqrt(areas / np.pi))


def check_scale(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Warn of images whose cells are much larger or smaller than in the others: another magnification."""
    found = {sample.name: cell_diameters(sample) for sample in samples if 0 < sample.boundary_share <= 0.5}
    sizes = {name: float(np.median(diameters)) for name, diameters in found.items() if len(diameters) >= _LEAST_CELLS}
    if not sizes:
        return
    logarithms = np.log(list(sizes.values()))
    center = float(np.median(logarithms))
    spread = max(1.4826 * float(np.median(np.abs(logarithms - center))), 0.05)
    far = max(_FAR * spread, np.log(_RATIO))
    odd = [f"{name} ({size:.0f} px)" for name, size in sizes.items() if abs(np.log(size) - center) > far]
    if odd:
        yield warn(
            "scale",
            f"cells are usually {np.exp(center):.0f} px across, is the magnification of these the same? {some(odd)}; "
            "if not, resize them",
        )
