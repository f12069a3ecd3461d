"""Read pages of files, with errors that name the file and the line that helps."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from seg.data.file_data import load, release
from seg.data.image_error import ImageError
from seg.data.jpeg import JPEG_MAGIC
from seg.data.pixel_size import PixelSize, read_pixel_size
from seg.data.planes import Planes
from seg.data.raster import Raster
from seg.data.reading import PLAIN, count_pages, read_image
from seg.data.tiff_directories import TIFF_MAGIC
from seg.data.tiff_planes import open_tiff
from seg.data.vendor_files import count_vendor_pages, is_vendor_file, read_vendor_file, read_vendor_pixel_size
from seg.data.zarr_image import open_image

_REMEDY = (
    "if they are sections, set class_path: seg.data.stacks.ImageStacks, or projection: max in the data to make one "
    "image of them; if they are channels, set channels: in the data, e.g. [0, 1]; to use one of them, name it in the "
    "column page of a seg.data.manifest.Manifest"
)


class Picture(NamedTuple):
    """A page of a file.

    Attributes:
        pixels: (H, W) or (H, W, C).
        lossy: whether the file is a JPEG, whose values are not exact.
    """

    pixels: NDArray[Any]
    lossy: bool


class FileReader:
    """Reads pages of files, or of OME-Zarr images; the bytes of the last two files are kept for their next pages.

    Args:
        level: of OME-Zarr images, from 0, the finest.
    """

    def __init__(self, level: int = 0) -> None:
        self._level = level
        self._load = functools.lru_cache(maxsize=2)(load)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let other processes open the files anew."""
        return FileReader, (self._level,)

    def read(
        self, path: Path, page: int | None = None, planes: Planes = PLAIN, size: tuple[int, int] | None = None
    ) -> Picture:
        """Return a page.

        Args:
            path: of the file, or the folder of an OME-Zarr image.
            page: from 0; None where the file has but one.
            planes: channels and neighboring sections to read.
            size: (height, width) of the level of an OME-Zarr image, instead of its number.

        Raises:
            ValueError: it cannot be read as an image; begins with the path.
            OSError: it cannot be opened.
            MemoryError: there is not enough memory.
        """
        if path.is_dir():
            with naming(path):
                return Picture(open_image(path, self._level, size).raster(page, planes).read_all(), lossy=False)
        if is_vendor_file(path):
            with naming(path):
                return Picture(read_vendor_file(path, page, planes), lossy=False)
        data = self._load(path)
        with naming(path):
            try:
                return Picture(read_image(data, page=page, planes=planes), data[:8].startswith(JPEG_MAGIC))
            finally:
                release(data)

    def open(
        self, path: Path, page: int | None = None, planes: Planes = PLAIN, size: tuple[int, int] | None = None
    ) -> Raster | None:
        """Return a page that can be read window by window, None for one that can only be decoded whole.

        Arguments are those of `read`, as are errors of OME-Zarr images.
        """
        if path.is_dir():
            with naming(path):
                return open_image(path, self._level, size).raster(page, planes)
        if is_vendor_file(path):
            return None
        data = self._load(path)
        return open_tiff(path, data, page, planes) if data[:8].startswith(TIFF_MAGIC) else None

    def count_pages(self, path: Path, planes: Planes = PLAIN) -> int:
        """Return how many pages a file has; arguments and errors are those of `read`.

        Args:
            path: of the file.
            planes: to be read of it.
        """
        if path.is_dir():
            with naming(path):
                return open_image(path).count(planes)  # every level has as many
        with naming(path):
            if is_vendor_file(path):
                return count_vendor_pages(path, planes)
            return count_pages(self._load(path), planes)

    def pixel_size(self, path: Path, page: int) -> PixelSize | None:
        """Return the size of a pixel, None where it is not known; arguments and errors are those of `read`.

        Args:
            path: of the file.
            page: from 0.
        """
        return read_vendor_pixel_size(path) if is_vendor_file(path) else read_pixel_size(self._load(path), page)


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let errors begin with the path of the file that is worked on."""
    try:
        yield
    except ImageError as error:
        problem = str(error).partition(":")[0]
        raise ValueError(f"{path}: {f'{problem}: {_REMEDY}' if error.code == 'multi_page' else error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except MemoryError as error:
        raise MemoryError(f"{path}: {error}") from error
