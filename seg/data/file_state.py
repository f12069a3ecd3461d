"""When images were changed last."""

from collections.abc import Iterator
from pathlib import Path

#: In an OME-Zarr image: masks and labels, which may be written without a change of the image.
_LABELS = "labels"


def changed_ns(path: Path) -> int:
    """Return when a file, or anything of an OME-Zarr image but its labels, was changed last, in ns since 1970.

    The time of a folder itself does not tell that a chunk below it was changed.
    """
    return max(each.stat().st_mtime_ns for each in _parts(path))


def state_of(path: Path) -> str:
    """Return a text that changes with a file, or with anything of an OME-Zarr image but its labels."""
    stats = [each.stat() for each in _parts(path)]
    return f"{path} {len(stats)} {sum(each.st_size for each in stats)} {max(each.st_mtime_ns for each in stats)}"


def _parts(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for child in path.iterdir():
        if child.name != _LABELS:
            yield from _parts(child)
