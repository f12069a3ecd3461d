"""Files of microscope vendors, read by bioio and its plug-in for the format."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seg.data.image_error import ImageError
from seg.data.pages import choose_page
from seg.data.pixel_size import PixelSize
from seg.data.planes import Planes, missing_channels

if TYPE_CHECKING:
    from bioio import BioImage

#: Suffix -> the plug-in of bioio that reads it.
PLUGINS = {
    ".czi": "bioio-czi",
    ".dv": "bioio-dv",
    ".ims": "bioio-bioformats",
    ".lif": "bioio-lif",
    ".nd2": "bioio-nd2",
    ".oib": "bioio-bioformats",
    ".oif": "bioio-bioformats",
    ".oir": "bioio-bioformats",
    ".r3d": "bioio-dv",
    ".sld": "bioio-sldy",
    ".vsi": "bioio-bioformats",
}


def is_vendor_file(path: Path) -> bool:
    """Return whether bioio reads a file, by its suffix."""
    return path.suffix.lower() in PLUGINS


def installed_plugins() -> list[str]:
    """Return the plug-ins that are installed."""
    return sorted({plugin for plugin in PLUGINS.values() if find_spec(plugin.replace("-", "_"))})


def count_vendor_pages(path: Path, planes: Planes) -> int:
    """Return how many images the first scene of a file has: its times, and its sections unless they are projected.

    Args:
        path: of the file.
        planes: to be read of it.

    Raises:
        ValueError: bioio or its plug-in is not installed, or the file is damaged.
    """
    dims = _open(path).dims
    return int(dims.T) * (1 if planes.projection else int(dims.Z))


def read_vendor_file(path: Path, page: int | None, planes: Planes) -> NDArray[Any]:
    """Read the first scene of a file; see `seg.data.reading.read_image`.

    Args:
        path: of the file.
        page: from 0, the sections of the first time before those of the next; required if there are several.
        planes: channels and neighboring sections to read. Without any, the file has one channel, or is in color.

    Raises:
        ValueError: bioio or its plug-in is not installed, the file is damaged, or has not these planes.
    """
    image = _open(path)
    count = count_vendor_pages(path, planes)
    sections = planes.sections(choose_page(count, page), count)
    every = np.concatenate([_section(image, each, planes) for each in sections], axis=2)
    if every.dtype.kind == "f" and not np.isfinite(every).all():
        raise ImageError("unsupported_samples", "the image has NaN or infinite samples: replace them first")
    return every[..., 0] if planes.plain and every.shape[2] == 1 else planes.shaped(every)


def _section(image: "BioImage", section: int, planes: Planes) -> NDArray[Any]:
    """Return the channels of a section, (H, W, C)."""
    time, depth = (section, slice(None)) if planes.projection else divmod(section, int(image.dims.Z))
    if "S" in image.dims.order and not planes.channels:
        return _flat(np.asarray(image.get_image_dask_data("ZYXS", T=time, C=0)[depth]), planes)[..., :3]
    numbers = list(planes.numbered([str(name) for name in image.channel_names]).numbers) or [0]
    available = int(image.dims.C)
    if max(numbers) >= available:
        raise missing_channels(numbers, available)
    if not planes.channels and available > 1:
        raise ImageError("missing_channels", f"the image has {available} channels: set channels: in the data, e.g. [0]")
    channels = [np.asarray(image.get_image_dask_data("ZYX", T=time, C=number)[depth]) for number in numbers]
    return _flat(np.stack(channels, axis=-1), planes)


def _flat(planes_of: NDArray[Any], planes: Planes) -> NDArray[Any]:
    """Return a section, or the projection of all, (H, W, C)."""
    if planes.projection is None:
        return planes_of
    if planes.projection == "max":
        return np.asarray(planes_of.max(axis=0))
    mean: NDArray[np.floating] = planes_of.mean(axis=0)
    return (mean.round() if planes_of.dtype.kind in "iu" else mean).astype(planes_of.dtype)


def read_vendor_pixel_size(path: Path) -> PixelSize | None:
    """Return the size of a pixel that a file tells."""
    sizes = _open(path).physical_pixel_sizes
    return (float(sizes.Y), float(sizes.X)) if sizes.Y and sizes.X else None


@lru_cache(maxsize=2)  # a stack is asked for its pages one by one
def _open(path: Path) -> "BioImage":
    plugin = PLUGINS[path.suffix.lower()]
    try:
        from bioio import BioImage  # noqa: PLC0415  # of an extra
    except ModuleNotFoundError as error:
        raise ValueError(f"this format needs bioio: pip install 'septum[bioio]' {plugin}, or save TIFF") from error
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        return BioImage(path)
    except Exception as error:  # plug-ins raise exceptions of every kind
        problem = f"bioio cannot read it ({_one_line(error)}): pip install {plugin}, or"
        if plugin in installed_plugins():
            problem = f"it is damaged, or of a kind that {plugin} does not read:"
        raise ValueError(f"{problem} save OME-TIFF") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
