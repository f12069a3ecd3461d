"""Zarr stores on a disk, through the optional library zarr."""

import functools
from pathlib import Path
from typing import Any

SUFFIX = ".zarr"

_MISSING = 'OME-Zarr needs zarr: pip install "septum[zarr]"'


def is_zarr(path: Path) -> bool:
    """Return whether a path is the folder of a store, by its metadata."""
    return path.is_dir() and any((path / name).is_file() for name in (".zgroup", "zarr.json"))


def import_zarr() -> Any:
    """Return the module zarr.

    Raises:
        ImportError: it is not installed; says how to.
    """
    try:
        import zarr  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise ImportError(_MISSING) from error
    return zarr


def read_metadata(group: Path) -> dict[str, Any]:
    """Return what OME writes into the attributes of a group; version 0.5 has it under "ome".

    Raises:
        ImportError: zarr is not installed.
        ValueError: it is no group, or damaged.
    """
    zarr = import_zarr()
    try:
        attributes = zarr.open_group(str(group), mode="r").attrs.asdict()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError("it is no Zarr group, or its metadata is damaged") from error
    inner = attributes.get("ome")
    return inner if isinstance(inner, dict) else attributes


def open_array(path: Path) -> Any:
    """Return an array, opened once unless it was written anew."""
    described = [path / name for name in ("zarr.json", ".zarray") if (path / name).is_file()]
    return _opened(str(path), described[0].stat().st_mtime_ns if described else 0)


@functools.lru_cache(maxsize=64)
def _opened(path: str, _written_ns: int) -> Any:
    return import_zarr().open_array(path, mode="r")
