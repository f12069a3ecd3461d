"""Write images and labels of OME-Zarr stores."""

from pathlib import Path
from typing import Any

import numpy as np

from seg.data.pixel_size import PixelSize
from seg.data.zarr_store import import_zarr, read_metadata

CHUNK_PX = 1024

#: Of the y and x of the coarsest level.
_SMALLEST_PX = 1024

_KINDS = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def create_image(
    group: Path,
    axes: tuple[str, ...],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    pixel: PixelSize | None,
    version: str,
) -> None:
    """Write the metadata of an image and its empty levels, each half as large, down to about 1,000 pixels.

    Args:
        group: folder of the image.
        axes: of the arrays, the last two y and x.
        shape: of the finest level.
        dtype: of the samples.
        pixel: (height, width) of a pixel in micrometers; None where it is not known.
        version: 0.4 or 0.5.
    """
    shapes = [shape]
    while max(shapes[-1][-2:]) > _SMALLEST_PX:
        shapes.append((*shape[:-2], *(-(-side // 2) for side in shapes[-1][-2:])))
    height, width = pixel or (1.0, 1.0)
    units = {"unit": "micrometer"} if pixel else {}
    multiscale = {
        "version": version,
        "name": group.name.removesuffix(".partial"),
        "axes": [{"name": axis, "type": _KINDS[axis]} | (units if axis in "yx" else {}) for axis in axes],
        "datasets": [
            {"path": str(level), "coordinateTransformations": [_scale(len(axes), height, width, 2**level)]}
            for level in range(len(shapes))
        ],
    }
    source = {"image-label": {"version": version, "source": {"image": "../../"}}}
    is_label = group.parent.name == "labels"
    store = open_group(group, "w", version, {"multiscales": [multiscale]} | (source if is_label else {}))
    for level, size in enumerate(shapes):
        chunks = (*([1] * (len(size) - 2)), *(min(CHUNK_PX, side) for side in size[-2:]))
        separator = {"name": "v2" if version == "0.4" else "default", "separator": "/"}
        names = {} if version == "0.4" else {"dimension_names": axes}
        store.create_array(
            str(level), shape=size, chunks=chunks, dtype=dtype, chunk_key_encoding=separator, fill_value=0, **names
        )


def coarser_levels(group: Path, axes: int) -> None:
    """Fill all levels but the finest with every second pixel of the one before, a row of chunks at a time.

    Args:
        group: folder of the image.
        axes: number of axes.
    """
    zarr = import_zarr()
    finer, level = zarr.open_array(str(group / "0"), mode="r"), 1
    while (group / str(level)).is_dir():
        coarser = zarr.open_array(str(group / str(level)), mode="r+")
        for place in np.ndindex(coarser.shape[: axes - 2]):
            for top in range(0, coarser.shape[-2], CHUNK_PX):
                bottom = min(top + CHUNK_PX, coarser.shape[-2])
                coarser[(*place, slice(top, bottom))] = finer[(*place, slice(2 * top, 2 * bottom))][::2, ::2]
        finer, level = coarser, level + 1


def add_label_name(labels: Path, name: str, version: str) -> None:
    """List labels in the group labels/ of a store.

    Args:
        labels: folder of the group.
        name: of the labels.
        version: 0.4 or 0.5.
    """
    known = read_metadata(labels).get("labels", []) if _is_group(labels) else []
    if name not in known:
        open_group(labels, "a", version, {"labels": [*known, name]})


def open_group(group: Path, mode: str, version: str, metadata: dict[str, Any]) -> Any:
    """Open a group and set what OME has in its attributes.

    Args:
        group: folder.
        mode: "w" begins anew, "a" keeps what is there.
        version: 0.4 or 0.5.
        metadata: to set.
    """
    store = import_zarr().open_group(str(group), mode=mode, zarr_format=2 if version == "0.4" else 3)
    store.attrs.update(metadata if version == "0.4" else {"ome": {"version": version, **metadata}})
    return store


def version_of(group: Path) -> str:
    """Return the version of OME-Zarr that a store is written in."""
    return "0.5" if (group / "zarr.json").is_file() else "0.4"


def _is_group(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("zarr.json", ".zgroup"))


def _scale(axes: int, height: float, width: float, factor: int) -> dict[str, Any]:
    return {"type": "scale", "scale": [*([1.0] * (axes - 2)), height * factor, width * factor]}
