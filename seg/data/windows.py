"""Crops around chosen pixels."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Window = tuple[slice, slice]


def window_around(chosen: NDArray[np.bool_], crop_px: int, rng: Generator) -> Window:
    """Return a random window that holds a random one of the chosen pixels.

    Args:
        chosen: (H, W), at least one is True.
        crop_px: side of the window; it is smaller where the picture is.
        rng: draws the pixel, then the place of the window around it.
    """
    flat = np.flatnonzero(chosen)
    pixel = np.unravel_index(int(flat[rng.integers(len(flat))]), chosen.shape)
    top, left = (_start(int(at), side, crop_px, rng) for at, side in zip(pixel, chosen.shape, strict=True))
    return slice(top, top + crop_px), slice(left, left + crop_px)


def _start(at: int, side: int, crop_px: int, rng: Generator) -> int:
    first, last = max(0, at - crop_px + 1), max(0, min(at, side - crop_px))
    return int(rng.integers(first, last + 1))
