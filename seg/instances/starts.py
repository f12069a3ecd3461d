"""The decoders from which the search for one starts."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from seg.instances.decoder import Decoder
from seg.instances.labels import Labels, Mask
from seg.instances.watershed import Foreground, WatershedDecoder

_SIDES: tuple[Foreground, ...] = ("bright", "dark")

#: Tissue has less background than this share of the pixels.
_LEAST_BACKGROUND = 0.05


def usual_decoders(channels: int, tissue: bool) -> list[Decoder]:
    """Return the decoders to start from, the most usual one first.

    Args:
        channels: that the network predicts.
        tissue: whether cells fill the plane.
    """
    filling = [WatershedDecoder(foreground="all", seed_score=level, sigma_px=1.0) for level in (0.9, 0.5)]
    inside = (
        [
            WatershedDecoder(foreground="inside", seed_depth_px=depth, seed_score=0.4, min_size_px=10)
            for depth in (0, 0.5)
        ]
        if channels > 1
        else []
    )
    if channels > 2:
        inside += [replace(start, seeds="center", seed_score=0.5) for start in inside]
    if tissue:
        return [*filling, *inside]
    by_image = [WatershedDecoder(foreground=side, seed_score=0.9, sigma_px=0.0) for side in _SIDES]
    return [*(inside or by_image), *filling]


def background_share(cells: Labels, boundary: Mask, valid: NDArray[np.bool_] | None) -> float:
    """Return the share of the pixels that are neither cell nor boundary.

    Args:
        cells: (H, W), the true ones; 0 is background.
        boundary: (H, W).
        valid: (H, W), False at void pixels, which do not count; None: there are none.
    """
    background = (cells == 0) & ~boundary
    return float(background.mean(where=True if valid is None else valid))


def fills_the_plane(background: float) -> bool:
    """Return whether so little background is that of tissue."""
    return background < _LEAST_BACKGROUND
