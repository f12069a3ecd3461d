"""Joins what the processes of a training on several devices know of the images of a split."""

from itertools import chain, zip_longest
from typing import Any, TypeVar

from torch import distributed

Row = TypeVar("Row")


def gather_images(names: list[str], rows: list[Row]) -> list[Row]:
    """Return the rows of all images, once each, in the order of the data set; all processes must call it.

    Args:
        names: of the images of this process, unique within the split. Process r of n has the images r, r + n, r + 2n
            ... (seg.data.sampling), or another's image if there are fewer images than processes.
        rows: one per image; tensors in them are on the CPU.
    """
    named = list(zip(names, rows, strict=True))
    parts = _gather(named) if distributed.is_available() and distributed.is_initialized() else [named]
    in_order = [row for row in chain.from_iterable(zip_longest(*parts)) if row is not None]
    return list(dict(in_order).values())


def _gather(part: list[tuple[str, Row]]) -> list[list[tuple[str, Row]]]:
    parts: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(parts, part)
    return parts
