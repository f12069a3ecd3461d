"""OME-Zarr stores as other programs write them."""

from pathlib import Path
from typing import Any

import numpy as np
import zarr

AXES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def write_image(
    group: Path,
    levels: list[np.ndarray],
    axes: str,
    version: str = "0.4",
    scale: float = 0.5,
    unit: str = "micrometer",
    chunk: int = 16,
    labels: tuple[str, ...] = (),
) -> None:
    """Write one multiscale image; each level halves y and x."""
    described: list[dict[str, Any]] = []
    for number in range(len(levels)):
        scales = [scale * 2**number if axis in "yx" else 1.0 for axis in axes]
        described.append(
            {"path": str(number), "coordinateTransformations": [{"type": "scale", "scale": scales}]},
        )
    named = [{"name": axis, "type": AXES[axis]} | ({"unit": unit} if axis in "yx" else {}) for axis in axes]
    metadata: dict[str, Any] = {"multiscales": [{"axes": named, "datasets": described, "version": version}]}
    store = _group(group, metadata, version)
    for number, level in enumerate(levels):
        chunks = tuple(min(chunk if axis in "yx" else 1, size) for axis, size in zip(axes, level.shape, strict=True))
        separator = {"name": "v2" if version == "0.4" else "default", "separator": "/"}
        names = {} if version == "0.4" else {"dimension_names": tuple(axes)}
        array = store.create_array(
            str(number), shape=level.shape, chunks=chunks, dtype=level.dtype, chunk_key_encoding=separator, **names
        )
        array[...] = level
    if labels:
        _group(group / "labels", {"labels": list(labels)}, version)


def _group(path: Path, metadata: dict[str, Any], version: str) -> Any:
    attributes = metadata if version == "0.4" else {"ome": {"version": version, **metadata}}
    return zarr.open_group(str(path), mode="w", zarr_format=2 if version == "0.4" else 3, attributes=attributes)
