"""Pictures that are written part by part: large TIFFs, and arrays of OME-Zarr stores."""

import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize
from seg.data.sample import Window
from seg.data.tiff_writing import describe_pixel
from seg.data.zarr_store import import_zarr
from seg.data.zarr_writing import add_label_name, coarser_levels, create_image


class Canvas(ABC):
    """A picture of one or more sections. It is called PATH.partial until it is whole.

    Args:
        path: of the file or folder.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.partial = path, path.with_name(path.name + ".partial")

    @abstractmethod
    def create(self) -> None:
        """Begin anew."""

    @abstractmethod
    def write(self, section: int, window: Window, values: NDArray[Any]) -> None:
        """Write a part.

        Args:
            section: from 0.
            window: of the section.
            values: (h, w).
        """

    def finish(self) -> None:
        """Give the picture its name."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        self.partial.replace(self.path)


class TiffCanvas(Canvas):
    """A TIFF without compression, one page for each section.

    Args:
        path: of the file.
        shape: (sections, H, W).
        dtype: of the samples.
        pixel: (height, width) of a pixel in micrometers; None where it is not known.
        ome: with the metadata of OME.
    """

    def __init__(
        self, path: Path, shape: tuple[int, int, int], dtype: np.dtype[Any], pixel: PixelSize | None, ome: bool
    ) -> None:
        super().__init__(path)
        self._shape, self._dtype, self._pixel, self._ome = shape, dtype, pixel, ome

    def create(self) -> None:
        """Write the header; the samples are 0."""
        shape = self._shape if self._shape[0] > 1 else self._shape[1:]
        options = describe_pixel(self._pixel, self._ome, "ZYX"[-len(shape) :])
        size = np.prod(shape) * self._dtype.itemsize
        tifffile.memmap(
            self.partial, shape=shape, dtype=self._dtype, photometric="minisblack", bigtiff=size >= 2**31, **options
        )

    def write(self, section: int, window: Window, values: NDArray[Any]) -> None:
        """Write a part."""
        mapped = tifffile.memmap(self.partial, mode="r+")
        mapped.reshape(self._shape)[section][window] = values
        mapped.flush()  # the map ends here, and its memory with it


class ZarrCanvas(Canvas):
    """An image of an OME-Zarr store, with coarser levels beside it.

    Args:
        path: of the image: a store, or labels/NAME in one.
        axes: of the array, the last two y and x.
        shape: of the array.
        dtype: of the samples.
        pixel: (height, width) of a pixel in micrometers; None where it is not known.
        version: 0.4 or 0.5.
    """

    def __init__(
        self,
        path: Path,
        axes: tuple[str, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        pixel: PixelSize | None,
        version: str = "0.5",
    ) -> None:
        super().__init__(path)
        self._axes, self._shape, self._dtype, self._pixel, self._version = axes, shape, dtype, pixel, version

    def create(self) -> None:
        """Write the metadata; the samples are 0."""
        create_image(self.partial, self._axes, self._shape, self._dtype, self._pixel, self._version)

    def write(self, section: int, window: Window, values: NDArray[Any]) -> None:
        """Write a part."""
        place = np.unravel_index(section, self._shape[:-2]) if len(self._shape) > 2 else ()
        array = import_zarr().open_array(str(self.partial / "0"), mode="r+")
        array[(*(int(at) for at in place), *window)] = values

    def finish(self) -> None:
        """Write the coarser levels, and give the image its name, which a store lists if these are labels."""
        coarser_levels(self.partial, len(self._axes))
        super().finish()
        if self.path.parent.name == "labels":
            add_label_name(self.path.parent, self.path.name, self._version)
