"""The images to predict: files, pages of stacks and planes of OME-Zarr stores, opened as they are needed."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.annotation import Annotation
from seg.data.cached_sample import CachedSample
from seg.data.file_reader import FileReader
from seg.data.files import FileSource
from seg.data.folder import page_name
from seg.data.memory_cache import MemoryCache
from seg.data.pairing import describe_search, find_files, name_of
from seg.data.pixel_size import PixelSize
from seg.data.planes import Planes
from seg.data.raster import Raster
from seg.data.reading import PLAIN
from seg.data.sample import Sample, Source, check_names
from seg.data.windowed_sample import WindowedSample
from seg.data.zarr_image import find_stores, open_image


@dataclass(frozen=True)
class Volume:
    """What one file or store holds.

    Attributes:
        path: of the file or store.
        name: of the file.
        sections: its images; their masks are empty.
        axes: along which they are counted, e.g. ("t", "z"); none: there is one image.
        lengths: of these axes.
    """

    path: Path
    name: str
    sections: list[Sample]
    axes: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()

    @property
    def is_large(self) -> bool:
        """Whether a section should not be held in memory."""
        first = self.sections[0]
        return int(np.prod(first.shape)) * first.dtype.itemsize > FileSource.whole_bytes


def read_volumes(path: Path, planes: Planes = PLAIN, cache_bytes: int = Source.cache_bytes) -> list[Volume]:
    """Read the images to predict: one file or store, or all of a folder; every page or plane is an image.

    Args:
        path: of the file, the store or the folder.
        planes: channels and neighboring sections to read.
        cache_bytes: of memory for decoded images.

    Raises:
        FileNotFoundError: there is no such file, or no image in the folder.
        ValueError: a file cannot be read as an image, or names are not unique; see `seg.data.sample.check_names`.
    """
    files = [path] if path.is_file() else []
    stores = find_stores(path) if path.is_dir() else []
    if not files and stores != [path]:
        files = [file for files in find_files(path, ".").values() for file in files]
    if not files and not stores:
        raise FileNotFoundError(describe_search(path, "."))
    reader, cache = FileReader(), MemoryCache(cache_bytes)
    volumes = [_of_file(file, reader, planes, cache) for file in files]
    volumes += [_of_store(store, planes) for store in stores]
    check_names([sample.name for volume in volumes for sample in volume.sections])
    return volumes


def read_images(path: Path, planes: Planes = PLAIN, cache_bytes: int = Source.cache_bytes) -> list[Sample]:
    """Return the images of all volumes; arguments and errors are those of `read_volumes`.

    Args:
        path: of the file, the store or the folder.
        planes: channels and neighboring sections to read.
        cache_bytes: of memory for decoded images.
    """
    return [sample for volume in read_volumes(path, planes, cache_bytes) for sample in volume.sections]


def _of_file(file: Path, reader: FileReader, planes: Planes, cache: MemoryCache) -> Volume:
    name, count = name_of(file), reader.count_pages(file, planes)
    if count == 1:
        return Volume(file, name, [_page(name, file, None, reader, planes, cache)])
    pages = [_page(page_name(name, page), file, page, reader, planes, cache) for page in range(count)]
    return Volume(file, name, pages, ("z",), (count,))


def _of_store(store: Path, planes: Planes) -> Volume:
    image, name = open_image(store), name_of(store)
    counted = "t" if planes.projection else "tz"
    axes = tuple(axis for axis in image.axes if axis in counted and image.length(axis) > 1)
    rasters = [image.raster(section, planes) for section in range(image.count(planes))]
    names = [page_name(name, section) for section in range(len(rasters))] if axes else [name]
    sections = [_windowed(name, raster, image.pixel) for name, raster in zip(names, rasters, strict=True)]
    return Volume(store, name, sections, axes, tuple(image.length(axis) for axis in axes))


def _page(name: str, file: Path, page: int | None, reader: FileReader, planes: Planes, cache: MemoryCache) -> Sample:
    pixel = reader.pixel_size(file, page or 0)
    raster = reader.open(file, page, planes)
    if raster is not None and raster.nbytes > FileSource.whole_bytes:
        return _windowed(name, raster, pixel)
    decode = functools.partial(_decode, name, file, page, reader, planes, pixel)
    return CachedSample(decode(), name, cache, decode)


def _decode(
    name: str, file: Path, page: int | None, reader: FileReader, planes: Planes, pixel: PixelSize | None
) -> Sample:
    image = reader.read(file, page, planes).pixels
    return Sample(name, image, np.zeros(image.shape[:2], np.bool_), pixel=pixel)


def _windowed(name: str, raster: Raster, pixel: PixelSize | None) -> Sample:
    return WindowedSample(name, raster, _Nothing(raster.shape[:2]), Annotation("mask"), pixel)


class _Nothing(Raster):
    """The mask of an image that nobody annotated."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape, self.dtype = shape, np.dtype(np.uint8)

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        return np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)


class ToPredict:
    """The images of a prediction.

    Args:
        path: of the file, the store or the folder; None: the test images are predicted, and there are no volumes.
        planes: channels and neighboring sections to read.
        cache_bytes: of memory for decoded images.

    Attributes:
        volumes: to predict.
        done: names of images whose predictions are there.
    """

    def __init__(self, path: str | None, planes: Planes, cache_bytes: int) -> None:
        self.volumes = [] if path is None else read_volumes(Path(path), planes, cache_bytes)
        self.done: list[str] = []
        self._is_test = path is None

    def take(self, chosen: Callable[[Volume], bool]) -> list[Volume]:
        """Return the volumes that are chosen, and forget them."""
        taken = [volume for volume in self.volumes if chosen(volume)]
        self.volumes = [volume for volume in self.volumes if not chosen(volume)]
        return taken

    def skip(self, is_done: Callable[[str, Path], bool]) -> None:
        """Leave out the images whose predictions are there, which is told by their names and files."""
        every = [(sample.name, volume.path) for volume in self.volumes for sample in volume.sections]
        self.done = [name for name, path in every if is_done(name, path)]

    def images(self) -> list[Sample]:
        """Return the images that are left."""
        every = [sample for volume in self.volumes for sample in volume.sections]
        return [sample for sample in every if sample.name not in self.done]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left, not even test images."""
        return not self._is_test and not self.images()
