"""One offline page that shows a data set: what is doubtful, pictures of each split, and its distributions."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

from seg.data.doctor.cells import cell_diameters
from seg.data.doctor.examination import Examination
from seg.data.doctor.leakage_checks import SAME
from seg.data.doctor.neighbors import Pair, nearest_pairs
from seg.data.doctor.suggestions import suggest
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, scale
from seg.data.writing import encode_image
from seg.report.one import render

_PICTURES, _PAIRS = 4, 6
_LARGEST_PX = 320
_BINS, _SIZES = 48, 3
_VOID = np.array([0.3, 0.4, 0.8], np.float32)
_BOUNDARY = np.array([255, 106, 0], np.float32)


@dataclass(frozen=True)
class Part:
    """A split as the page shows it.

    Attributes:
        name: train, val or test; "all" where there is no split.
        samples: in it.
        diameters: of the cells of each image, in pixels.
        limits: smallest and largest intensity of all splits.
        widest: diameter where the histogram of cells ends, in pixels.
    """

    name: str
    samples: Sequence[Sample]
    diameters: Sequence[NDArray[np.float64]]
    limits: tuple[float, float]
    widest: float

    @property
    def shares(self) -> list[tuple[str, float]]:
        """The boundary share of each image."""
        return [(sample.name, sample.boundary_share) for sample in self.samples]

    @property
    def share(self) -> float:
        """The mean of the boundary shares."""
        return float(np.mean([share for _, share in self.shares]))

    @property
    def sizes(self) -> str:
        """The sizes of the images, the most frequent first."""
        counts = Counter("{1}x{0}".format(*sample.origin.shape) for sample in self.samples)
        if len(counts) == 1:
            return next(iter(counts))
        shown = ", ".join(f"{size} ({count})" for size, count in counts.most_common(_SIZES))
        return shown + (f" and {len(counts) - _SIZES} more" if len(counts) > _SIZES else "")

    @property
    def cells(self) -> list[tuple[str, int]]:
        """The number of cells in each image: of labels, or between boundaries."""
        return [(sample.name, len(found)) for sample, found in zip(self.samples, self.diameters, strict=True)]

    @property
    def diameter(self) -> str:
        """The median diameter of the cells, and those that 5 % are below and above."""
        every = np.concatenate([*self.diameters, np.zeros(0)])
        low, middle, high = np.percentile(every, [5, 50, 95]) if len(every) else (0, 0, 0)
        return f"{middle:.0f} ({low:.0f} to {high:.0f})" if len(every) else ""

    @property
    def histogram(self) -> list[float]:
        """The share of the pixels in each of 48 bins between the limits, relative to the largest bin."""
        return _relative(sum(np.histogram(sample.image, _BINS, self.limits)[0] for sample in self.samples))

    @property
    def cell_histogram(self) -> list[float]:
        """The share of the cells in each of 48 bins of the diameter, relative to the largest bin."""
        every = np.concatenate([*self.diameters, np.zeros(0)]).clip(0, self.widest)
        return _relative(np.histogram(every, _BINS, (0, self.widest))[0])

    @property
    def pictures(self) -> list[tuple[str, str]]:
        """Names and overlays of a few images, evenly spaced."""
        chosen = np.unique(np.linspace(0, len(self.samples) - 1, _PICTURES).round().astype(int))
        return [(self.samples[index].name, overlay(self.samples[index])) for index in chosen]


@dataclass(frozen=True)
class ShownPair:
    """Two images of different splits, side by side.

    Attributes:
        pictures: name with the split, and data URI, of each.
        verdict: how alike they are, and what that says.
    """

    pictures: list[tuple[str, str]]
    verdict: str


def write_data_page(examination: Examination, crop_px: int, title: str, path: Path) -> None:
    """Write the page.

    Args:
        examination: of the data.
        crop_px: side of a training crop as configured, in pixels.
        title: of the data set.
        path: of the HTML file.
    """
    parts = _parts(examination)
    nearest = nearest_pairs(examination.pairs)
    values = {
        "title": title,
        "findings": examination.findings,
        "suggestions": suggest(examination.seen, crop_px),
        "parts": parts,
        "largest": max((share for part in parts for _, share in part.shares), default=0.0) or 1.0,
        "most": max((count for part in parts for _, count in part.cells), default=0) or 1,
        "nearest": _relative(np.histogram([pair.alike for pair in nearest], _BINS, (-1, 1))[0]) if nearest else [],
        "pairs": [_show(pair, examination.seen) for pair in _most_alike(examination.pairs, nearest)],
        "same": SAME,
    }
    render("data.html", values, path)


def _parts(examination: Examination) -> list[Part]:
    samples, split = examination.seen, examination.split
    indices = {"all": range(len(samples))} if split is None else vars(split)
    low = min((float(sample.image.min()) for sample in samples), default=0.0)
    high = max((float(sample.image.max()) for sample in samples), default=1.0)
    diameters = [cell_diameters(sample) for sample in samples]
    widest = float(np.percentile(np.concatenate([*diameters, np.ones(1)]), 99.5))
    limits = (low, max(high, low + 1e-6))
    return [
        Part(name, [samples[at] for at in chosen], [diameters[at] for at in chosen], limits, widest)
        for name, chosen in indices.items()
        if chosen
    ]


def _most_alike(pairs: Sequence[Pair], nearest: Sequence[Pair]) -> list[Pair]:
    """Return the pairs to show: those that are pictures of one place, then the nearest ones."""
    doubtful = sorted((pair for pair in pairs if pair.alike > SAME), key=lambda pair: -pair.alike)
    return list(dict.fromkeys([*doubtful, *nearest]))[:_PAIRS]


def _show(pair: Pair, samples: Sequence[Sample]) -> ShownPair:
    pictures = [
        (f"{samples[index].name} ({part})", _uri(_grey(samples[index]))) for part, index in (pair.first, pair.second)
    ]
    if pair.same:
        return ShownPair(pictures, "the same picture, perhaps flipped or turned")
    says = "the same place" if pair.alike > SAME else f"not the same place, which has more than {SAME}"
    return ShownPair(pictures, f"correlation {pair.alike:.2f}: {says}")


def _relative(counts: Any) -> list[float]:
    return list(counts / max(1, np.max(counts)))


def overlay(sample: Sample) -> str:
    """Return a picture of an image as a data URI of at most 320 pixels a side: boundary orange, void pixels blue."""
    step, picture = _step(sample), np.repeat(_grey(sample), 3, axis=2)
    height, width = picture.shape[:2]
    boundary: NDArray[np.bool_] = block_reduce(sample.mask, step, np.max)[:height, :width]
    if sample.valid is not None:
        picture[~block_reduce(sample.valid, step, np.max)[:height, :width]] *= _VOID
    picture[boundary] = 0.4 * picture[boundary] + 0.6 * _BOUNDARY
    return _uri(picture)


def _step(sample: Sample) -> int:
    return int(-(-max(sample.mask.shape) // _LARGEST_PX))


def _grey(sample: Sample) -> NDArray[np.float32]:
    """Return a reduced picture, (H, W, 1) from 0 to 255."""
    step = _step(sample)
    reduced = sample.image[::step, ::step]
    grey = (reduced if reduced.ndim == 2 else reduced.mean(axis=2))[..., None]
    return scale(grey, IntensityScaling().limits(grey)) * np.float32(255)


def _uri(picture: NDArray[np.float32]) -> str:
    pixels = picture.astype(np.uint8)
    encoded = encode_image(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return "data:image/png;base64," + base64.b64encode(encoded).decode()
