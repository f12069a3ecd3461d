"""Crops around chosen pixels."""

from albumentations import RandomCrop
from numpy.random import Generator

from seg.data.sample import Chosen, Sample, Window


def random_window(crop: RandomCrop, shape: tuple[int, ...], seed: int) -> Window:
    """Return the window that a crop takes of an image, without the image.

    Args:
        crop: as it is applied afterwards, with the same seed, to what the window holds.
        shape: of the image.
        seed: of the crop.
    """
    crop.set_random_seed(seed)
    left, top, right, bottom = crop.get_params_dependent_on_data({"shape": shape}, {})["crop_coords"]
    height, width = shape[:2]  # a side that is padded is taken whole
    rows = slice(0, height) if height < crop.height else slice(top, bottom)
    return rows, slice(0, width) if width < crop.width else slice(left, right)


def window_around(sample: Sample, chosen: Chosen, crop_px: int, rng: Generator) -> Window:
    """Return a random window that holds a random one of the chosen pixels.

    Args:
        sample: has at least one of them.
        chosen: which pixels.
        crop_px: side of the window; it is smaller where the picture is.
        rng: draws the pixel, then the place of the window around it.
    """
    pixel = sample.find(chosen, int(rng.integers(sample.count(chosen))))
    height, width = sample.shape[:2]
    top, left = (_start(at, side, crop_px, rng) for at, side in zip(pixel, (height, width), strict=True))
    return slice(top, min(top + crop_px, height)), slice(left, min(left + crop_px, width))


def _start(at: int, side: int, crop_px: int, rng: Generator) -> int:
    first, last = max(0, at - crop_px + 1), max(0, min(at, side - crop_px))
    return int(rng.integers(first, last + 1))
