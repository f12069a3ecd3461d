"""Sources that read files: each lists what belongs together, all read and check it alike."""

import functools
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from seg.data.annotation import Annotation, Entry, misfit
from seg.data.cached_raster import cached
from seg.data.cached_sample import CachedSample
from seg.data.file_reader import FileReader, naming
from seg.data.image_error import ImageError
from seg.data.memory_cache import MemoryCache
from seg.data.pixel_size import PixelSize
from seg.data.sample import Sample, Source
from seg.data.windowed_sample import WindowedSample

#: No image is compressed to less than one part in this.
_DENSEST = 100


class FileSource(Source):
    """Samples from files, all read and checked at the first access and kept in memory as far as they fit.

    Args:
        annotation: how truths are read.
        only_channels: use only images with 1 or 3 channels.

    Attributes:
        whole_bytes: larger images are read window by window where their files allow it.
    """

    whole_bytes: int = 1 << 26

    def __init__(self, annotation: Annotation, only_channels: Literal[1, 3] | None = None) -> None:
        self.annotation, self.only_channels = annotation, only_channels

    @property
    def boundary_value(self) -> int | None:
        """0 where masks show the boundary black, 255 where in any other color, None where there are no masks."""
        if self.annotation.truth != "mask":
            return None
        return 255 if np.any(self.annotation.boundary_value) else 0

    @abstractmethod
    def list_entries(self, files: FileReader) -> tuple[list[Entry], list[str]]:
        """Return the samples to read, in order, and a sentence for each file that cannot be used.

        Args:
            files: reads what the list depends on.
        """

    def open_files(self) -> FileReader:
        """Return what reads the files."""
        return FileReader()

    @functools.cached_property
    def _cache(self) -> MemoryCache:
        return MemoryCache(self.cache_bytes)

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        return self._samples[index]

    def read(self) -> tuple[list[Sample], list[str]]:
        """Return the samples that can be read, and a sentence for each problem with the others."""
        files = self.open_files()
        entries, problems = self.list_entries(files)
        samples, paths = [], []
        for entry in entries:
            try:
                sample = self._read(entry, files)
            except (ValueError, OSError) as error:
                problems.append(f"{error}{_remedy(error)}")
                continue
            if self.only_channels in (None, sample.channels):
                samples.append(sample)
                paths.append(entry.image)
        if not samples and not problems:
            problems.append(f"no image has {self.only_channels} channel(s): set only_channels: null to use all")
        return samples, [*problems, *_odd_ones_out(samples, paths)]

    @functools.cached_property
    def _samples(self) -> list[Sample]:
        samples, problems = self.read()
        if problems:
            listing = "\n  ".join(sorted(problems))
            raise ValueError(f"{len(problems)} problem(s) with the files:\n  {listing}")
        return samples

    def _read(self, entry: Entry, files: FileReader) -> Sample:
        """Return a sample that has been decoded, or at least looked through, once."""
        large = self._open(entry, files)
        if large is not None:
            with naming(entry.truths[0]):
                large.survey  # noqa: B018  # refuses what is unfit
            return large
        load = functools.partial(self._decode, entry, files)
        return CachedSample(load(), entry.name, self._cache, load)

    def _open(self, entry: Entry, files: FileReader) -> WindowedSample | None:
        """Return a sample that is too large to be decoded whole, if it can be read window by window."""
        if self.annotation.truth == "objects" or entry.channel is not None:
            return None
        if entry.image.is_file() and entry.image.stat().st_size * _DENSEST < self.whole_bytes:
            return None
        image = files.open(entry.image, entry.page, self.planes)
        if image is None or image.nbytes <= self.whole_bytes:
            return None
        height, width = image.shape[:2]
        truth = files.open(entry.truths[0], entry.truth_page, size=(height, width))
        if truth is None or len(truth.shape) > 2:
            return None
        if truth.shape != (height, width):
            raise ValueError(misfit(entry, entry.truths[0], truth.shape, image.shape))
        image, truth = (cached(part, (entry.name, kind), self._cache) for kind, part in (("", image), ("truth", truth)))
        return WindowedSample(entry.name, image, truth, self.annotation, self.pixel_size(entry))

    def pixel_size(self, entry: Entry) -> PixelSize | None:
        """Return the size of an image's pixels where the source knows it."""
        return None

    def _decode(self, entry: Entry, files: FileReader) -> Sample:
        image = files.read(entry.image, entry.page, self.planes).pixels
        if entry.channel is not None:
            image = _one_channel(image, entry)
        mask, labels, valid = self.annotation.read(entry, image.shape[:2], files)
        thickness_px = None if labels is None else self.annotation.thickness_px
        return Sample(entry.name, image, mask, labels, thickness_px, self.pixel_size(entry), valid)


def _remedy(error: Exception) -> str:
    """Return what a data configuration can do about an image whose channels do not fit."""
    cause = error.__cause__
    if not isinstance(cause, ImageError) or "channel" not in str(cause) or "channels:" in str(cause):
        return ""
    return "; or set channels: in the data to those that every image has, e.g. [0]"


def _one_channel(image: NDArray[Any], entry: Entry) -> NDArray[Any]:
    if image.ndim == 2 or not 0 <= (entry.channel or 0) < image.shape[2]:
        raise ValueError(f"{entry.image}: channel {entry.channel} was asked for, the image has {_channels(image)}")
    chosen: NDArray[Any] = image[..., entry.channel]
    return chosen


def _odd_ones_out(samples: list[Sample], paths: list[Path]) -> Iterator[str]:
    """Name the images whose type or channels differ from those of most images."""
    kinds = [f"{sample.dtype} with {sample.channels} channel(s)" for sample in samples]
    usual = max(kinds, key=kinds.count, default="")
    for path, kind in zip(paths, kinds, strict=True):
        if kind != usual:
            yield f"{path}: {kind}, most images are {usual}: convert it, or choose by only_channels: in the source"


def _channels(image: NDArray[Any]) -> int:
    return 1 if image.ndim == 2 else int(image.shape[2])
