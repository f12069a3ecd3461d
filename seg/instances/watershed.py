"""Seeds, watershed, merging: the decoder that everything uses by default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.filters import threshold_otsu

from seg.instances.decoder import Decoder
from seg.instances.flood import flood
from seg.instances.labels import Labels, Mask
from seg.instances.merging import merge_regions
from seg.instances.peaks import number_peaks
from seg.instances.regions import bands, connected_regions, distance_to_edge, drop_small, fill_holes

Foreground = Literal["inside", "bright", "dark", "all"]
Seeds = Literal["score", "center"]

#: Distances to a digital edge are smoothed by it: else their ridges are rough.
_RIDGES_PX = 1.0

_RANGES = (
    ("seed_score", -1, 1),
    ("boundary_weight", 0, 10),
    ("sigma_px", 0, 50),
    ("foreground_probability", 0, 1),
    ("merge_below", 0, 1),
    ("min_seed_px", 0, 1e9),
    ("seed_depth_px", 0, 50),
    ("min_size_px", 0, 1e9),
)


@dataclass(frozen=True)
class WatershedDecoder(Decoder):
    """Find seeds in the middle of cells, grow them until they meet, merge what hardly any boundary separates.

    The score of a pixel is c - w b, smoothed; b is the probability of the boundary, c that of the inside of a cell, or
    1 where the network has no such channel. Seeds are the 4-connected regions whose score exceeds a level. They grow
    over the foreground from high scores to low ones. A piece of foreground without a seed is a cell, too.

    With seeds of the kind center, they are the regions where the channel of the centers exceeds that level instead.
    With `seed_depth_px`, such a region is divided where it is narrow: seeds are the peaks of the distance to its edge
    that are so much higher than the saddles between them. That separates round cells whose boundary has gaps.

    Attributes:
        foreground: where cells may be. inside: where the channel of the inside says so; bright, dark: on one side of
            Otsu's threshold of the image; all: everywhere, for tissue that fills the plane.
        seeds: what is compared with the level: the score, or the probability of a center, channel 2.
        seed_score: level of the seeds, in (-1, 1).
        boundary_weight: w, >= 0.
        sigma_px: of the smoothing of the score, >= 0.
        min_seed_px: smaller regions are no seeds.
        seed_depth_px: how far the distance to a region's edge falls between two seeds, >= 0; 0 divides no region.
        foreground_probability: of the inside, in (0, 1).
        merge_below: neighbors merge while the mean probability of a boundary along their contact is below it, in
            [0, 1]; 0 merges nothing.
        keep_boundary: probability from which a pixel is boundary and belongs to no cell; null gives all to cells.
        min_size_px: smaller cells are left out.
        holes: fill background that one cell encloses.

    Raises:
        ValueError: a value is out of range.

    Source:
        Meyer, 1994 (watershed from markers); Otsu, IEEE TSMC 1979.
    """

    foreground: Foreground = "all"
    seeds: Seeds = "score"
    seed_score: float = 0.5
    boundary_weight: float = 1.0
    sigma_px: float = 0.5
    min_seed_px: int = 1
    seed_depth_px: float = 0.0
    foreground_probability: float = 0.5
    merge_below: float = 0.0
    keep_boundary: float | None = None
    min_size_px: int = 1
    holes: bool = False

    def __post_init__(self) -> None:
        if self.foreground not in get_args(Foreground):
            raise ValueError(f"foreground must be one of {', '.join(get_args(Foreground))}, got {self.foreground!r}")
        if self.seeds not in get_args(Seeds):
            raise ValueError(f"seeds must be one of {', '.join(get_args(Seeds))}, got {self.seeds!r}")
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low:g} to {high:g}, got {value}")

    def decode(self, probability: NDArray[np.float32], image: NDArray[np.float32] | None = None) -> Labels:
        """Return the cells; see `Decoder.decode`."""
        boundary, cells = probability[0], self._grow(probability, image)
        if self.merge_below > 0:
            cells = merge_regions(cells, boundary, self.merge_below)
        if self.keep_boundary is not None:
            cells[boundary >= self.keep_boundary] = 0
        if self.holes:
            cells = fill_holes(cells)
        return drop_small(cells, self.min_size_px)

    @property
    def needs_image(self) -> bool:
        """Whether the foreground is found in the image."""
        return self.foreground in ("bright", "dark")

    def search_space(self) -> Mapping[str, Sequence[Any]]:
        """Return what tuning tries; the foreground stays as it is, and with it what needs no choice."""
        seeds: dict[str, Sequence[Any]] = {
            "seed_score": (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98),
            "sigma_px": (0.0, 0.5, 1.0, 2.0),
            "min_seed_px": (1, 3, 6, 10, 20),
            "min_size_px": (1, 5, 10, 20, 30),
            "holes": (False, True),
            "merge_below": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
        }
        if self.foreground == "inside":
            weights = {"boundary_weight": (0.0, 0.5, 1.0, 1.5, 2.0)}
            depth = {"seed_depth_px": (0.0, 0.25, 0.5, 0.75, 1.0)}
            return {"foreground_probability": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), **weights, **depth, **seeds}
        return {"keep_boundary": (None, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1), **seeds}

    def _grow(self, probability: NDArray[np.float32], image: NDArray[np.float32] | None) -> Labels:
        """Return the cells before they are merged; each array is dropped as soon as it can be: images may be large."""
        score = self._score(probability)
        relief = _relief(score)
        if self.seeds == "center":
            score = self._smooth(_channel(probability, 2, "seeds center").copy())
        regions = score > self.seed_score
        del score
        regions &= self._region(probability, image)
        seeds = connected_regions(regions, self.min_seed_px)
        if self.seed_depth_px:
            distance = _ridges(np.greater(seeds, 0, out=regions))
            del seeds, regions
            seeds = number_peaks(distance, self.seed_depth_px)
            del distance
        region = self._region(probability, image)  # found again: kept, it would take a byte per pixel meanwhile
        return _with_unseeded(flood(relief, seeds, region), region)

    def _score(self, probability: NDArray[np.float32]) -> NDArray[np.float32]:
        inside = probability[1] if len(probability) > 1 else np.float32(1)
        score = probability[0] * np.float32(self.boundary_weight)
        np.subtract(inside, score, out=score)
        return self._smooth(score)

    def _smooth(self, score: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score smoothed, in its own memory."""
        if self.sigma_px:
            gaussian_filter(score, self.sigma_px, output=score)
        return score

    def _region(self, probability: NDArray[np.float32], image: NDArray[np.float32] | None) -> Mask:
        if self.foreground == "all":
            return np.ones(probability.shape[1:], np.bool_)
        if self.foreground == "inside":
            inside: Mask = _channel(probability, 1, "foreground inside") > self.foreground_probability
            return inside
        if image is None:
            raise ValueError(f"foreground {self.foreground} needs the image")
        grey = image.mean(axis=0)
        bright: Mask = grey > (threshold_otsu(grey) if grey.min() < grey.max() else grey.max())
        return bright if self.foreground == "bright" else ~bright


def _channel(probability: NDArray[np.float32], number: int, wanted: str) -> NDArray[np.float32]:
    if len(probability) <= number:
        raise ValueError(f"{wanted} needs a network with a channel of it, this one has none")
    channel: NDArray[np.float32] = probability[number]
    return channel


def _relief(score: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return 255 steps from the highest possible score, 1, down to the lowest in the picture."""
    lowest = min(float(score.min()), 0.0)
    relief = np.empty(score.shape, np.uint8)
    for rows in bands(score):
        relief[rows] = ((1 - score[rows]) * np.float32(255 / (1 - lowest))).clip(0, 255)
    return relief


def _ridges(regions: Mask) -> NDArray[np.float32]:
    """Return the distance to the edge of the regions, smoothed; 0 outside."""
    distance = distance_to_edge(regions)
    gaussian_filter(distance, _RIDGES_PX, output=distance)
    return np.multiply(distance, regions, out=distance)


def _with_unseeded(cells: Labels, region: Mask) -> Labels:
    missed = region & (cells == 0)
    if missed.any():
        further = connected_regions(missed)
        further += cells.max()
        np.copyto(cells, further, where=missed)
    return cells
