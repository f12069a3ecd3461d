"""Peaks of a height map that are far enough above the saddles between them."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, maximum_filter

from seg.instances.flood import Labels, flood
from seg.instances.regions import Contacts, renumber

_EIGHT = np.ones((3, 3), np.bool_)


def number_peaks(height: NDArray[np.float32], depth: float) -> Labels:
    """Number the peaks of a height map; peaks without a saddle as deep as `depth` between them share a number.

    Each peak is flooded downhill to the saddles. Two of them become one, the highest saddle first, while the lower peak
    of the two is less than `depth` above the saddle. This finds the h-maxima, without reconstructing the height map.

    Args:
        height: (H, W), >= 0; 0 is background.
        depth: h, in the unit of the height, >= 0.

    Returns:
        (H, W), the peaks' pixels numbered from 1 without gaps, 0 elsewhere.

    Source:
        Grimaud, Image Algebra and Morphological Image Processing 1992 (dynamics).
    """
    region = height > 0
    peaks, count = label((height == maximum_filter(height, 3)) & region, _EIGHT)
    peaks = np.asarray(peaks, np.int32)
    if count < 2:
        return peaks
    top = height.max()
    basins = flood(((top - height) * (255 / top)).astype(np.uint8), peaks.copy(), region)
    contacts = Contacts(basins, -height)
    between = contacts.first > 0
    heights = np.zeros(count + 1)
    np.maximum.at(heights, peaks[peaks > 0], height[peaks > 0])
    pairs = np.stack([contacts.first, contacts.second], axis=1)[between]
    joined = _join(pairs, -contacts.lowest[between], heights, depth)
    kept = np.zeros(count + 1, np.bool_)
    kept[joined[1:]] = True
    return renumber(joined[peaks].astype(np.int32), kept)


def _join(
    pairs: NDArray[np.int64], saddles: NDArray[np.float64], heights: NDArray[np.float64], depth: float
) -> NDArray[np.int64]:
    """Return, for each number from 0 on, the number of the highest peak that it is joined with.

    Args:
        pairs: (N, 2), neighbors.
        saddles: (N,), the height at which they meet.
        heights: of the peaks, by number.
        depth: from which a saddle separates.
    """
    owner = np.arange(len(heights))

    def top(number: int) -> int:
        while owner[number] != number:
            owner[number] = number = owner[owner[number]]
        return number

    for pair in np.argsort(-saddles, kind="stable"):
        higher, lower = sorted((top(int(number)) for number in pairs[pair]), key=lambda number: -heights[number])
        if heights[lower] - saddles[pair] < depth:
            owner[lower] = higher
    return np.array([top(number) for number in range(len(owner))])
