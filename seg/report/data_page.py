"""One offline page that shows a data set: what is doubtful, pictures of each split, and its distributions."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

from seg.data.doctor.examination import Examination
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, scale
from seg.data.writing import encode_image
from seg.report.one import render

_PICTURES = 4
_LARGEST_PX = 320
_BINS = 48
_VOID = np.array([0.3, 0.4, 0.8], np.float32)
_BOUNDARY = np.array([255, 106, 0], np.float32)


@dataclass(frozen=True)
class Part:
    """A split as the page shows it.

    Attributes:
        name: train, val or test; "all" where there is no split.
        samples: in it.
        limits: smallest and largest intensity of all splits.
    """

    name: str
    samples: Sequence[Sample]
    limits: tuple[float, float]

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
        """The smallest and the largest size of an image."""
        ordered = sorted({sample.mask.shape for sample in self.samples}, key=np.prod)
        return " to ".join(f"{width}x{height}" for height, width in dict.fromkeys((ordered[0], ordered[-1])))

    @property
    def cells(self) -> str:
        """The mean number of labels in an image."""
        counts = [len(np.unique(sample.labels)) - 1 for sample in self.samples if sample.labels is not None]
        return f"{np.mean(counts):.0f}" if counts else ""

    @property
    def histogram(self) -> list[float]:
        """The share of the pixels in each of 48 bins between the limits, relative to the largest bin."""
        counts = sum(np.histogram(sample.image, _BINS, self.limits)[0] for sample in self.samples)
        return list(counts / max(1, np.max(counts)))

    @property
    def pictures(self) -> list[tuple[str, str]]:
        """Names and overlays of a few images, evenly spaced."""
        chosen = np.unique(np.linspace(0, len(self.samples) - 1, _PICTURES).round().astype(int))
        return [(self.samples[index].name, overlay(self.samples[index])) for index in chosen]


def write_data_page(examination: Examination, title: str, path: Path) -> None:
    """Write the page.

    Args:
        examination: of the data.
        title: of the data set.
        path: of the HTML file.
    """
    samples, split = examination.samples, examination.split
    indices = {"all": range(len(samples))} if split is None else vars(split)
    low = min((float(sample.image.min()) for sample in samples), default=0.0)
    high = max((float(sample.image.max()) for sample in samples), default=1.0)
    members = {name: [samples[index] for index in chosen] for name, chosen in indices.items()}
    parts = [Part(name, chosen, (low, max(high, low + 1e-6))) for name, chosen in members.items() if chosen]
    largest = max((share for part in parts for _, share in part.shares), default=0.0) or 1.0
    render("data.html", {"title": title, "findings": examination.findings, "parts": parts, "largest": largest}, path)


def overlay(sample: Sample) -> str:
    """Return a picture of an image as a data URI of at most 320 pixels a side: boundary orange, void pixels blue."""
    step = -(-max(sample.mask.shape) // _LARGEST_PX)
    picture_of = sample.image[::step, ::step]
    grey = (picture_of if picture_of.ndim == 2 else picture_of.mean(axis=2))[..., None]
    boundary: NDArray[np.bool_] = block_reduce(sample.mask, step, np.max)[: grey.shape[0], : grey.shape[1]]
    picture = np.repeat(scale(grey, IntensityScaling().limits(grey)) * 255, 3, axis=2)
    if sample.valid is not None:
        picture[~block_reduce(sample.valid, step, np.max)[: grey.shape[0], : grey.shape[1]]] *= _VOID
    picture[boundary] = 0.4 * picture[boundary] + 0.6 * _BOUNDARY
    return "data:image/png;base64," + base64.b64encode(encode_image(picture.astype(np.uint8))).decode()
