"""Images in OME-Zarr stores of version 0.4 and 0.5: axes by name, resolution levels, and the size of a pixel."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.image_error import ImageError, corrupt_image
from seg.data.pages import choose_page
from seg.data.pixel_size import PixelSize
from seg.data.planes import Planes
from seg.data.raster import PlanesRaster, ProjectionRaster, Raster
from seg.data.zarr_store import SUFFIX, is_zarr, open_array, read_metadata

_MICROMETERS = {"meter": 1e6, "centimeter": 1e4, "millimeter": 1e3, "micrometer": 1.0, "nanometer": 1e-3}
_MICROMETERS |= {"angstrom": 1e-4, "picometer": 1e-6}


@dataclass(frozen=True)
class ZarrImage:
    """One resolution level of an image, or of labels.

    Attributes:
        group: folder of the image.
        array: path of the level's array within the group.
        axes: names of its axes, e.g. ("t", "c", "z", "y", "x").
        shape: as many lengths.
        dtype: of the samples.
        pixel: (height, width) of a pixel in micrometers; None where it is not known.
        channels: their names; none where it tells none.
        chunk: (height, width) of what is decoded together.
    """

    group: Path
    array: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel: PixelSize | None
    channels: tuple[str, ...] = ()
    chunk: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.length("y"), self.length("x")

    @property
    def sections(self) -> int:
        """Number of planes (z) of all time points."""
        return self.length("t") * self.length("z")

    def length(self, axis: str) -> int:
        """Return the length of an axis, 1 where there is none."""
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1

    def count(self, planes: Planes) -> int:
        """Return the number of images: one for each time point with a projection, one for each plane without."""
        return self.length("t") if planes.projection else self.sections

    def raster(self, section: int | None, planes: Planes) -> Raster:
        """Return one image.

        Args:
            section: from 0, of those that `count` counts; required if there are several.
            planes: its channels, and neighboring sections of the same time point, or the projection of all.

        Raises:
            ImageError: there is no such section or channel.
        """
        planes, length = planes.numbered(self.channels), self.length("z")
        chosen = choose_page(self.count(planes), section)
        time = chosen if planes.projection else chosen // length
        depths = range(length) if planes.projection else planes.sections(chosen % length, length)
        sections = [ZarrSection(self, {"t": time, "z": z}) for z in depths]
        if not planes.channels and not planes.context and self.length("c") not in (1, 3):
            count = self.length("c")
            raise ImageError("missing_channels", f"the image has {count} channels: add channels: [0] to the data")
        if planes.projection:
            return ProjectionRaster(sections, planes)
        return sections[0] if planes.plain else PlanesRaster(sections, planes)


class ZarrSection(Raster):
    """The plane of an image at one time and depth.

    Args:
        image: of which it is a part.
        place: index along the axes t and z.
    """

    def __init__(self, image: ZarrImage, place: dict[str, int]) -> None:
        channels = image.length("c")
        self._image, self._place = image, place
        self.shape = image.size if channels == 1 else (*image.size, channels)
        self.dtype = np.dtype(np.uint8) if image.dtype.kind == "b" else image.dtype.newbyteorder("=")
        self.block = image.chunk

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Return a window.

        Raises:
            ImageError: a chunk is damaged.
        """
        axes = self._image.axes
        channels = slice(None) if len(self.shape) == 3 else 0
        chosen = {"y": rows, "x": columns, "c": channels} | self._place
        array = open_array(self._image.group / self._image.array)
        try:
            window = np.asarray(array[tuple(chosen[axis] for axis in axes)])
        except Exception as error:  # codecs raise exceptions of every kind on damaged chunks
            raise corrupt_image() from error
        left = [axis for axis in axes if isinstance(chosen[axis], slice)]
        window = window.transpose([left.index(axis) for axis in "yxc" if axis in left])
        window = window * np.uint8(255) if window.dtype.kind == "b" else window
        return np.ascontiguousarray(window, dtype=self.dtype)


def open_image(group: Path, level: int = 0, size: tuple[int, int] | None = None) -> ZarrImage:
    """Open a resolution level of an image by its metadata; nothing is decoded.

    Args:
        group: folder of the image: NAME.zarr, or NAME.zarr/labels/NAME.
        level: from 0, the finest.
        size: (height, width); take the level that is as large, whatever its number.

    Raises:
        ImportError: zarr is not installed.
        ValueError: it is no OME-Zarr image of two dimensions or more, or has no such level.
    """
    metadata = read_metadata(group)
    multiscale = metadata.get("multiscales") or []
    if not multiscale:
        raise ValueError("no image in the metadata (multiscales): set root: to NAME.zarr, or the folder of several")
    channels = tuple(str(channel.get("label", "")) for channel in (metadata.get("omero") or {}).get("channels") or ())
    images = [replace(image, channels=channels) for image in _levels(group, multiscale[0])]
    if size is not None:
        fitting = [image for image in images if image.size == size]
        if not fitting:
            shown = ", ".join(f"{image.size[1]}x{image.size[0]}" for image in images)
            raise ValueError(f"no level has {size[1]}x{size[0]} pixels as its image has, but {shown}")
        return fitting[0]
    if not 0 <= level < len(images):
        raise ValueError(f"level {level} was asked for, there are 0 to {len(images) - 1}: set level:")
    return images[level]


def label_names(group: Path) -> list[str]:
    """Return the names of an image's labels."""
    folder = group / "labels"
    return [str(name) for name in read_metadata(folder).get("labels", [])] if folder.is_dir() else []


def find_stores(path: Path) -> list[Path]:
    """Return the OME-Zarr stores of a folder in the order of their names, or itself if it is one."""
    if is_zarr(path):
        return [path]
    return sorted(store for store in path.iterdir() if store.suffix == SUFFIX and is_zarr(store))


def _levels(group: Path, multiscale: dict[str, Any]) -> Iterator[ZarrImage]:
    try:
        axes = tuple(str(axis["name"]).lower() for axis in multiscale["axes"])
        units = {str(axis["name"]).lower(): axis.get("unit") for axis in multiscale["axes"]}
        for level in multiscale["datasets"]:
            array = open_array(group / level["path"])
            _check_axes(axes, array.shape)
            pixel = _pixel_size(axes, units, _scales((level, multiscale), len(axes)))
            chunk = array.chunks[axes.index("y")], array.chunks[axes.index("x")]
            yield ZarrImage(group, level["path"], axes, tuple(array.shape), np.dtype(array.dtype), pixel, chunk=chunk)
    except (KeyError, TypeError, AttributeError, FileNotFoundError) as error:
        raise ValueError("the metadata is no OME-Zarr 0.4 or 0.5, or does not fit its arrays") from error


def _check_axes(axes: tuple[str, ...], shape: tuple[int, ...]) -> None:
    """Refuse axes other than t, c, z, y and x, each once."""
    if len(axes) != len(shape) or len(set(axes)) < len(axes) or not {"y", "x"} <= set(axes) <= set("tczyx"):
        raise ValueError(f"axes must be some of t, c, z, with y and x, got {', '.join(axes)} for the shape {shape}")


def _scales(parts: tuple[dict[str, Any], ...], axes: int) -> NDArray[np.float64]:
    """Return the product of all scales, one for each axis."""
    found = [
        change["scale"]
        for part in parts
        for change in part.get("coordinateTransformations") or []
        if change.get("type") == "scale"
    ]
    product = np.ones(axes)
    for scale in found:
        product = product * np.asarray(scale, np.float64)
    return product


def _pixel_size(axes: tuple[str, ...], units: dict[str, str | None], scales: NDArray[np.float64]) -> PixelSize | None:
    height, width = (_MICROMETERS.get(units[axis] or "", 0) * float(scales[axes.index(axis)]) for axis in "yx")
    return (height, width) if height > 0 and width > 0 else None
