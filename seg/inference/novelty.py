"""Whether an image is unlike those that a model was trained and validated on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.appearance import KIND_OF, KINDS, TRIFLE, describe
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling, Limits, match_channels, scale

#: Parts of an image that are looked at: evenly spaced, at most so many along a side.
_PART_PX, _PARTS = 256, 3

#: Intensities are scaled by the limits of at most so many pixels.
_SAMPLE_PX = 65_536

#: A high power: an image is unlike others where a few of its numbers are.
_POWER = 4

#: An image may be so much farther from the nearest reference than nine of ten references are from each other.
_ALLOWANCE, _MOST = 1.5, 0.9

#: In units of the spread within an image; validation images from one place differ less than others of their kind.
_LEAST_LIMIT = 1.2

_FEWEST = 2
_DIGITS = 4


@dataclass(frozen=True)
class Reference:
    """The appearance of images that a model knows.

    Attributes:
        images: per image, as `seg.data.appearance.describe` returns it, None for NaN.
        spread: of each number within an image: the unit in which distances are measured.
        limit: distance to the nearest image, beyond which another image is unlike all of them.
    """

    images: list[list[float | None]]
    spread: list[float]
    limit: float


@dataclass(frozen=True)
class Novelty:
    """How unlike an image is.

    Attributes:
        distance: to the nearest image of the reference, in units of its limit: above 1 the image is unlike them.
        unlike: the kinds of appearance (`seg.data.appearance.KINDS`) that differ, most first; none up to 1.
    """

    distance: float
    unlike: tuple[str, ...]


def learn(
    images: Sequence[NDArray[Any]],
    crops: Sequence[NDArray[Any]],
    scaling: IntensityScaling,
    channels: int,
    planes: Planes,
) -> Reference | None:
    """Return the reference that images and crops make; None if there are fewer than two.

    Args:
        images: (H, W) or (H, W, C) each; they say how much images differ, or if there are fewer than two, the crops do.
        crops: small parts of further images, which differ more.
        scaling: of the network.
        channels: of the network.
        planes: of the network.
    """
    if len(images) < _FEWEST:  # there is no distance between them: crops have to do
        images, crops = (*images, *crops), ()
    if len(images) < _FEWEST:
        return None
    prepared = [_prepare(image, scaling, channels, planes) for image in (*images, *crops)]
    known = np.array([_look(*each) for each in prepared])
    spread = np.maximum(
        _spread_within(prepared[: len(images)]), _each([TRIFLE[kind] for kind in KIND_OF], known.shape[1])
    )
    apart = [_distances(each, np.delete(known, number, axis=0), spread).min() for number, each in enumerate(known)]
    apart = apart[: len(images)]
    limit = max(_LEAST_LIMIT, _ALLOWANCE * float(np.quantile(apart, _MOST)))
    rows = [[None if np.isnan(value) else round(float(value), _DIGITS) for value in row] for row in known]
    return Reference(rows, [round(float(value), _DIGITS) for value in spread], round(limit, _DIGITS))


def judge(
    image: NDArray[Any], reference: Reference, scaling: IntensityScaling, channels: int, planes: Planes
) -> Novelty:
    """Return how unlike the images of a reference another one is.

    Args:
        image: (H, W) or (H, W, C), as it was read.
        reference: of the model.
        scaling: of the network.
        channels: of the network.
        planes: of the network.
    """
    look = _look(*_prepare(image, scaling, channels, planes))
    known, spread = np.array(reference.images, np.float64), np.array(reference.spread)
    distances = _distances(look, known, spread)
    nearest, distance = known[distances.argmin()], float(distances.min()) / reference.limit
    if distance <= 1:
        return Novelty(distance, ())
    kinds = _each(list(KIND_OF), len(look))
    by_kind = {
        kind: float(_distances(look[kinds == kind], nearest[None, kinds == kind], spread[kinds == kind])[0])
        for kind in KINDS
    }
    ranked = sorted(KINDS, key=by_kind.__getitem__, reverse=True)
    return Novelty(distance, tuple(kind for kind in ranked if kind == ranked[0] or by_kind[kind] > reference.limit))


def _prepare(
    image: NDArray[Any], scaling: IntensityScaling, channels: int, planes: Planes
) -> tuple[NDArray[Any], Limits]:
    """Return an image's own section, (H, W, C), and the limits of its intensities."""
    own = match_channels(planes.own(image), channels // (2 * planes.context + 1))
    step = max(1, int(np.sqrt(own.shape[0] * own.shape[1] / _SAMPLE_PX)))
    return own, scaling.limits(own[::step, ::step], planes.scaled_alone)


def _look(image: NDArray[Any], limits: Limits) -> NDArray[np.float64]:
    return _mean([describe(scale(part, limits)) for part in _parts(image)])


def _parts(image: NDArray[Any]) -> list[NDArray[Any]]:
    def starts(side: int) -> list[int]:
        count = min(_PARTS, -(-side // _PART_PX))
        return [int(start) for start in np.linspace(0, max(0, side - _PART_PX), count)]

    height, width = image.shape[:2]
    return [image[y : y + _PART_PX, x : x + _PART_PX] for y, x in product(starts(height), starts(width))]


def _spread_within(prepared: list[tuple[NDArray[Any], Limits]]) -> NDArray[np.float64]:
    """Return the standard deviation of each number between the quarters of an image, root mean square over images."""
    variances = []
    for image, limits in prepared:
        height, width = (-(-side // 2) for side in image.shape[:2])
        quarters = [image[y:, x:][:height, :width] for y, x in product((0, height), (0, width))]
        looks = [describe(scale(quarter[:_PART_PX, :_PART_PX], limits)) for quarter in quarters if quarter.size]
        variances.append(np.var(looks, axis=0) * len(looks) / max(1, len(looks) - 1))
    return np.sqrt(np.nan_to_num(_mean(variances)))


def _distances(
    look: NDArray[np.float64], known: NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance to each of the known appearances, (N,); numbers that one of both lacks do not count."""
    apart = ((look - known) / spread) ** _POWER
    counts = np.isfinite(apart).sum(axis=1)
    distances: NDArray[np.float64] = (np.nan_to_num(apart).sum(axis=1) / np.maximum(counts, 1)) ** (1 / _POWER)
    return distances


def _mean(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the mean of each column over what is there; NaN where nothing is."""
    stacked = np.array(rows)
    there = np.isfinite(stacked)
    sums, counts = np.where(there, stacked, 0).sum(axis=0), there.sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _each(values: list[Any], size: int) -> NDArray[Any]:
    """Repeat what holds for a channel for all channels."""
    return np.tile(np.array(values), size // len(values))
