"""Images too large for the memory: what is needed of them is read window by window."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.annotation import Annotated, Annotation
from seg.data.lazy_sample import LazySample
from seg.data.pixel_size import PixelSize
from seg.data.raster import Raster
from seg.data.sample import Chosen, Sample, Window

#: Of a strip of all columns: large enough for whole chunks and tiles, small enough for the memory.
_STRIP_PIXELS = 1 << 22

#: Strips begin at multiples of this.
_ROWS = 256


@dataclass(frozen=True)
class Survey:
    """What one pass over an image and its truth counts.

    Attributes:
        boundary: pixels of the boundary in each row, (H,).
        annotated: annotated pixels in each row, (H,).
    """

    boundary: NDArray[np.int64]
    annotated: NDArray[np.int64]

    def of(self, chosen: Chosen) -> NDArray[np.int64]:
        """Return the counts of one kind."""
        return self.boundary if chosen == "boundary" else self.annotated


class WindowedSample(LazySample):
    """A sample on a disk.

    Args:
        name: unique within its source.
        image: its pixels.
        truth: the picture of its mask or labels, as large.
        annotation: how the truth is read.
        pixel: (height, width) of a pixel in micrometers; None where it is not known.
    """

    _image: Raster
    _truth: Raster
    _annotation: Annotation

    def __init__(
        self, name: str, image: Raster, truth: Raster, annotation: Annotation, pixel: PixelSize | None = None
    ) -> None:
        thickness_px = annotation.thickness_px if annotation.truth == "labels" else None
        fields = {"name": name, "thickness_px": thickness_px, "pixel": pixel}
        vars(self).update(fields, _image=image, _truth=truth, _annotation=annotation)

    @functools.cached_property
    def survey(self) -> Survey:
        """Counts of a pass over all windows.

        Raises:
            ValueError: the image or its truth cannot be used.
        """
        if self.dtype.kind == "f" and not all(np.isfinite(strip).all() for strip in self.image_strips()):
            raise ValueError("its image has NaN or infinite samples: replace them first")
        columns = slice(0, self.shape[1])
        levels = np.zeros(0, self._truth.dtype)
        for rows in self._strips():
            levels = self._annotation.add_levels(levels, self._truth.read(rows, columns))
        self._annotation.check_levels(levels)
        boundary, annotated = [], []
        for rows in self._strips():
            known = self._annotated((rows, columns))
            boundary.append(known.mask.sum(axis=1))
            annotated.append((np.ones_like(known.mask) if known.valid is None else known.valid).sum(axis=1))
        if not any(counts.any() for counts in annotated):
            raise ValueError("all pixels are void: annotate a part of the image, or leave it out")
        return Survey(np.concatenate(boundary), np.concatenate(annotated))

    @property
    def image(self) -> NDArray[Any]:
        """All pixels: read only where they fit into the memory."""
        return self._image.read_all()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image."""
        return self._image.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the image."""
        return self._image.dtype

    @property
    def labeled(self) -> bool:
        """Whether there are labels."""
        return self._annotation.truth == "labels"

    @property
    def partly(self) -> bool:
        """Whether there are void pixels."""
        return self._annotation.void is not None and self.count("annotated") < self.shape[0] * self.shape[1]

    @property
    def boundary_share(self) -> float:
        """Share of the annotated pixels that are boundary."""
        return self.count("boundary") / max(self.count("annotated"), 1)

    @property
    def void_share(self) -> float:
        """Share of the pixels that nobody annotated."""
        return 1 - self.count("annotated") / (self.shape[0] * self.shape[1])

    def whole(self) -> Sample:
        """Return all of it in memory."""
        return self.window((slice(0, self.shape[0]), slice(0, self.shape[1])))

    def window(self, window: Window) -> Sample:
        """Return a part of it in memory."""
        known = self._annotated(window)
        valid = np.ones_like(known.mask) if known.valid is None and self.partly else known.valid
        image = self._image.read(*window)
        return Sample(self.name, image, known.mask, known.labels, self.thickness_px, self.pixel, valid)

    def strips(self) -> Iterator[Sample]:
        """Return parts, of all columns, that are in memory one after another."""
        for rows in self._strips():
            yield self.window((rows, slice(0, self.shape[1])))

    def image_strips(self) -> Iterator[NDArray[Any]]:
        """Return the image of each strip."""
        return (self._image.read(rows, slice(0, self.shape[1])) for rows in self._strips())

    def count(self, chosen: Chosen) -> int:
        """Return the number of pixels that are boundary, or annotated."""
        return int(self.survey.of(chosen).sum())

    def find(self, chosen: Chosen, number: int) -> tuple[int, int]:
        """Return row and column of a pixel that is boundary, or annotated; see `Sample.find`."""
        ends = np.cumsum(self.survey.of(chosen))
        row = int(np.searchsorted(ends, number, side="right"))
        within = number - int(ends[row - 1] if row else 0)
        return row, self.window((slice(row, row + 1), slice(0, self.shape[1]))).find(chosen, within)[1]

    def _strips(self) -> Iterator[slice]:
        height, width = self.shape[:2]
        rows = max(1, _STRIP_PIXELS // (width * _ROWS)) * _ROWS
        return (slice(top, min(top + rows, height)) for top in range(0, height, rows))

    def _annotated(self, window: Window) -> Annotated:
        """Return what is known of a window; boundaries depend on the pixels around it."""
        sides = zip(window, self.shape[:2], strict=True)
        halo = self._annotation.halo_px
        seen = [slice(max(side.start - halo, 0), min(side.stop + halo, length)) for side, length in sides]
        inner = tuple(
            slice(side.start - wide.start, side.stop - wide.start) for side, wide in zip(window, seen, strict=True)
        )
        known = self._annotation.of(self._truth.read(*seen))
        labels = None if known.labels is None else known.labels[inner]
        return Annotated(known.mask[inner], labels, None if known.valid is None else known.valid[inner])
