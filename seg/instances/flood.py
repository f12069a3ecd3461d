"""Watershed from seeds, in the time that the pixels between the seeds take."""

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import watershed

from seg.instances.labels import UNDECIDED, Box, Labels, Mask, inner_sides, rewrite_in_tiles


def flood(relief: NDArray[np.uint8], seeds: Labels, region: Mask) -> Labels:
    """Grow seeds over a region in the order of a relief, from low to high, until they meet.

    The priority queue holds only the pixels that are no seed and those beside them: the same labels as from flooding
    everything, in a fifth of the time where seeds cover most of the picture. Large pictures are flooded in tiles,
    which bounds the memory. The seeds are those of the whole picture, so that labels agree across tiles, and equal
    those of the whole wherever no unseeded stretch is longer than the last of `HALOS_PX` in seg/instances/labels.py.

    Args:
        relief: (H, W), 0 is flooded first.
        seeds: (H, W), numbers from 1; 0 is to be flooded. They become the answer: images may be large.
        region: (H, W), True where cells may grow. Seeds outside of it stay.

    Returns:
        (H, W); pixels of the region that no seed reaches stay 0.
    """

    def flood_box(box: Box, before: Labels, mark: bool) -> Labels:
        beyond = inner_sides(box, relief.shape) if mark else None
        return _flood_box(relief[box], before, region[box], beyond)

    return rewrite_in_tiles(seeds, flood_box)


def _flood_box(relief: NDArray[np.uint8], seeds: Labels, region: Mask, beyond: Mask | None) -> Labels:
    """Return the labels of a part of the picture.

    Args:
        relief: of the part.
        seeds: of the part.
        region: of the part.
        beyond: True where the picture goes on. From there what is undecided is flooded, too, and no later than what
            comes from there can be.
    """
    unlabelled = region & (seeds == 0)
    if not unlabelled.any():
        return seeds
    seeded = seeds > 0
    band = _grown(unlabelled) & (unlabelled | seeded)
    relief_in_turn = _in_turn(relief, band & seeded)
    markers = seeds if beyond is None else np.where(unlabelled & beyond, np.int32(UNDECIDED), seeds)
    flooded: Labels = watershed(relief_in_turn, markers, mask=band)
    return np.where(unlabelled, flooded, seeds)


def _in_turn(relief: NDArray[np.uint8], seeded: Mask) -> NDArray[np.int32]:
    """Return a relief whose seeds of a level come before its other pixels, row by row: else chance would order them."""
    places = np.flatnonzero(seeded).astype(np.int32)
    ordered = relief * np.int32(len(places) + 1)
    ordered.ravel()[places] -= np.arange(len(places), 0, -1, dtype=np.int32)
    return ordered


def _grown(mask: Mask) -> Mask:
    """Return a mask and the pixels beside it; a twentieth of the time of SciPy's dilation."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown
