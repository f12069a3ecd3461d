"""From pictures of masks or labels, in any of the ways in which they are saved, to boundaries and cells."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.data.labels import as_labels

#: A pixel's value, or its color (red, green, blue).
Value = int | float | list[int]
Mask = NDArray[np.bool_]

_SHOWN = 4
_LARGEST = np.iinfo(np.int32).max


@dataclass(frozen=True)
class MaskRule:
    """Which pixels of a mask are boundary.

    Attributes:
        boundary_value: the value, or the color, of the boundary.
        threshold: between boundary and background, for masks of more than two values; the boundary is on the side of
            `boundary_value`, the threshold itself above.

    Raises:
        ValueError: a threshold is given together with a color.
    """

    boundary_value: Value
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.threshold is not None and isinstance(self.boundary_value, list):
            raise ValueError(f"threshold needs a boundary_value that is one number, got {self.boundary_value}")

    def apply(self, picture: NDArray[Any], lossy: bool = False, void: Mask | None = None) -> Mask:
        """Return the boundary, (H, W).

        Args:
            picture: (H, W) or (H, W, 3) of two values or colors; with a threshold, of any values.
            lossy: it was saved as JPEG, which changes values.
            void: (H, W), True where the picture says nothing.

        Raises:
            ValueError: it cannot be told which pixels are boundary; says which line of the configuration helps.
        """
        picture = _without_equal_channels(picture)
        if self.threshold is not None and not isinstance(self.boundary_value, list):
            above = (picture if picture.ndim == 2 else picture.mean(axis=2)) >= self.threshold
            return _known(above if self.boundary_value >= self.threshold else ~above, void)
        if lossy:
            raise ValueError(
                "JPEG changes the values of a mask: add threshold: 128 to the source, or save it as PNG or TIFF"
            )
        boundary = _known(_equal(picture, self.boundary_value), void)
        levels = _distinct(picture if void is None else picture[~void][None])
        if len(levels) - bool(boundary.any()) > 1:
            raise ValueError(_explain(levels, self.boundary_value, picture))
        return boundary


def void_of(picture: NDArray[Any], value: Value) -> Mask:
    """Return the pixels of a value or a color, (H, W): those that nobody annotated.

    Args:
        picture: (H, W) or (H, W, 3).
        value: of void pixels.
    """
    return _equal(_without_equal_channels(picture), value)


def objects_of(picture: NDArray[Any], threshold: float | None = None) -> Mask:
    """Return the pixels of the one object that a picture shows: those that are not black.

    Args:
        picture: (H, W) or (H, W, 3).
        threshold: the smallest value of the object, for pictures with smoothed edges.

    Raises:
        ValueError: there are several values besides 0 and no threshold.
    """
    picture = _without_equal_channels(picture)
    if threshold is not None:
        return MaskRule(np.inf, threshold).apply(picture)
    background = _equal(picture, 0)
    levels = _distinct(picture)
    if len(levels) - bool(background.any()) > 1:
        shown = _listing(levels)
        raise ValueError(f"an object has one value besides 0, this file has {shown}: add threshold: {_middle(picture)}")
    return ~background


def labels_of(picture: NDArray[Any]) -> NDArray[np.int32]:
    """Return instance labels, 0 is background.

    Args:
        picture: (H, W) whole numbers of up to 32 bits, also as floating point; or (H, W, 3) with a color for each
            instance and black for the background.

    Raises:
        ValueError: a number is negative or not whole.
    """
    picture = _without_equal_channels(picture)
    if picture.ndim == 3:
        return _numbered(_packed(picture))
    if picture.dtype.kind == "f":
        if (picture != np.floor(picture)).any() or np.abs(picture).max(initial=0) > 2**24:
            raise ValueError(f"labels must be whole numbers, got {picture.dtype} up to {picture.max()}: save them so")
        picture = picture.astype(np.int64)
    return as_labels(picture) if picture.max(initial=0) <= _LARGEST else _numbered(picture)


def _numbered(codes: NDArray[Any]) -> NDArray[np.int32]:
    """Return 1, 2, ... for the codes in ascending order, 0 for 0."""
    levels, numbers = np.unique(codes, return_inverse=True)
    numbered: NDArray[np.int32] = (numbers.reshape(codes.shape) + (levels[0] != 0)).astype(np.int32)
    return numbered


def _packed(picture: NDArray[Any]) -> NDArray[np.uint64]:
    """Return one number for each color, 0 for black."""
    if picture.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"colors must have 8 or 16 bits per channel, got {picture.dtype}")
    red, green, blue = np.moveaxis(picture.astype(np.uint64), 2, 0)
    packed: NDArray[np.uint64] = (red << np.uint64(32)) | (green << np.uint64(16)) | blue
    return packed


def _known(boundary: Mask, void: Mask | None) -> Mask:
    return boundary if void is None else boundary & ~void


def _without_equal_channels(picture: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W) for a grey picture that was saved as color."""
    return picture[..., 0] if picture.ndim == 3 and (picture == picture[..., :1]).all() else picture


def _equal(picture: NDArray[Any], value: Value) -> Mask:
    if picture.ndim == 3:
        equal: Mask = (picture == np.broadcast_to(value, 3)).all(axis=2)
        return equal
    if isinstance(value, list) and len(set(value)) > 1:
        return np.zeros(picture.shape, np.bool_)
    same: Mask = picture == (value[0] if isinstance(value, list) else value)
    return same


def _distinct(picture: NDArray[Any]) -> list[Any]:
    if picture.ndim == 2:
        return list(np.unique(picture).tolist())
    _, first = np.unique(_packed(picture), return_index=True)
    return list(picture.reshape(-1, 3)[first].tolist())


def _explain(levels: list[Any], wanted: Value, picture: NDArray[Any]) -> str:
    problem = f"a mask has two values, one of them {wanted}; this file has {_listing(levels)}"
    if len(levels) == 2:
        return f"{problem}: set boundary_value: {levels[1]} or {levels[0]}, whichever is the boundary"
    others = [level for level in levels if level != wanted]
    void = f"add void: {others[1]} or {others[0]} if nobody annotated these pixels, " if len(others) == 2 else ""
    return (
        f"{problem}: {void}add threshold: {_middle(picture)} to the source if its edges are smoothed, or read it as "
        "labels: instead of masks: if each value is a cell"
    )


def _listing(levels: list[Any]) -> str:
    more = f" ... ({len(levels)} in all)" if len(levels) > _SHOWN else ""
    return ", ".join(map(str, levels[:_SHOWN])) + more


def _middle(picture: NDArray[Any]) -> str:
    if picture.dtype == np.uint8 and picture.min() < 128 <= picture.max():
        return "128"  # for all masks of a source, whatever the extremes of each
    middle = (float(picture.min()) + float(picture.max())) / 2
    return f"{middle:g}" if picture.dtype.kind == "f" else f"{np.ceil(middle):.0f}"
