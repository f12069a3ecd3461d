"""A part of a sample as a sample of its own."""

from dataclasses import replace
from typing import Any

import numpy as np

from seg.data.lazy_sample import LazySample
from seg.data.sample import Sample, Window


class SampleWindow(LazySample):
    """A window of a sample, read whenever it is needed.

    Args:
        origin: the sample.
        part: rows and columns.
        name: of the window.
    """

    _origin: Sample
    _part: Window

    def __init__(self, origin: Sample, part: Window, name: str) -> None:
        same = {"thickness_px": origin.thickness_px, "pixel": origin.pixel}
        vars(self).update(same, name=name, _origin=origin, _part=part)

    @property
    def origin(self) -> Sample:
        """The sample, by whose intensities the window is scaled."""
        return self._origin

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the window's image."""
        return (*(side.stop - side.start for side in self._part), *self._origin.shape[2:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the image."""
        return self._origin.dtype

    @property
    def labeled(self) -> bool:
        """Whether there are labels."""
        return self._origin.labeled

    @property
    def partly(self) -> bool:
        """Whether the whole sample has void pixels."""
        return self._origin.partly

    def whole(self) -> Sample:
        """Return all of the window in memory, under its own name."""
        return replace(self._origin.window(self._part), name=self.name)
