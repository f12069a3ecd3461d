"""The files of a sample, and how those of its truth are read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seg.data.file_reader import FileReader, Picture, naming
from seg.data.labels import boundaries_beside_void, boundaries_from_labels
from seg.data.truth import MaskRule, Value, labels_of, objects_of, void_of

Truth = Literal["mask", "labels", "objects"]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

#: More values than a mask may have.
_MANY_LEVELS = 8


@dataclass(frozen=True)
class Entry:
    """The files of one sample.

    Attributes:
        name: of the sample.
        image: its file.
        truths: its mask or labels, one file; or a file for each object.
        page: of the image, from 0; None where the file has but one.
        truth_page: of the truth, likewise.
        channel: of a color image, 0 to 2; None for all.
    """

    name: str
    image: Path
    truths: tuple[Path, ...]
    page: int | None = None
    truth_page: int | None = None
    channel: int | None = None


class Annotated(NamedTuple):
    """What is known of an image; see `seg.data.sample.Sample`."""

    mask: Mask
    labels: Labels | None = None
    valid: Mask | None = None


@dataclass(frozen=True)
class Annotation:
    """How truths are read.

    Attributes:
        truth: what a file shows: a mask, labels, or one object.
        boundary_value: of masks; see `seg.data.truth.MaskRule`.
        threshold: of masks or objects with smoothed edges.
        thickness_px: depth of the boundaries that are derived from cells, in pixels, >= 1.
        void: value or color of the pixels of a mask, or of labels, that nobody annotated; None: there are none.

    Raises:
        ValueError: thickness_px < 1, or a threshold is given together with a color.
    """

    truth: Truth
    boundary_value: Value = 255
    threshold: float | None = None
    thickness_px: int = 1
    void: Value | None = None

    def __post_init__(self) -> None:
        if self.thickness_px < 1:
            raise ValueError(f"thickness_px must be >= 1, got {self.thickness_px}")
        MaskRule(self.boundary_value, self.threshold)  # refuses a threshold with a color

    def read(self, entry: Entry, shape: tuple[int, ...], files: FileReader) -> Annotated:
        """Return what is known of an image.

        Args:
            entry: whose truths are read.
            shape: (height, width) of its image.
            files: reads them.

        Raises:
            ValueError: a file is unfit; begins with its path.
            OSError: a file cannot be opened.
        """
        if self.truth == "objects":
            labels = self._objects(entry, shape, files)
            return Annotated(boundaries_from_labels(labels, self.thickness_px), labels)
        picture = _fitting(entry, entry.truths[0], shape, files)
        with naming(entry.truths[0]):
            return self.of_whole(picture.pixels, picture.lossy)

    def of_whole(self, picture: NDArray[Any], lossy: bool = False) -> Annotated:
        """Return what the whole picture of a mask or of labels says.

        Args:
            picture: (H, W) or (H, W, 3).
            lossy: it was saved as JPEG, which changes values.

        Raises:
            ValueError: it is unfit, or all of it is void.
        """
        known = self.of(picture, lossy)
        if known.valid is not None and not known.valid.any():
            raise ValueError(f"all pixels are void ({self.void}): annotate a part of the image, or leave it out")
        return known

    def of(self, picture: NDArray[Any], lossy: bool = False) -> Annotated:
        """Return what the picture of a mask or of labels, or a part of it, says; arguments are those of `of_whole`.

        Raises:
            ValueError: it is unfit.
        """
        return self._mask(picture, lossy) if self.truth == "mask" else self._labels(picture, lossy)

    @property
    def halo_px(self) -> int:
        """Pixels around a window on which the mask within depends."""
        return self.thickness_px + 1 if self.truth == "labels" else 0

    def add_levels(self, levels: NDArray[Any], picture: NDArray[Any]) -> NDArray[Any]:
        """Return the values found so far with those of a further window, as far as `check_levels` needs them.

        Args:
            levels: found so far.
            picture: (H, W).
        """
        if self.truth == "labels":
            largest: NDArray[Any] = np.append(levels, picture.max(initial=0)).max(keepdims=True)
            return largest
        if self.threshold is not None or len(levels) > _MANY_LEVELS:
            return levels
        new = picture[~np.isin(picture, levels)]
        return np.append(levels, np.unique(new))

    def check_levels(self, levels: NDArray[Any]) -> None:
        """Refuse a picture by the values that its windows have together.

        Args:
            levels: of all windows.

        Raises:
            ValueError: it is unfit.
        """
        if self.truth == "mask":
            self.of(levels[None])
        elif levels.max(initial=0) > np.iinfo(np.int32).max:
            raise ValueError(f"labels of an image this large are at most {np.iinfo(np.int32).max}: renumber them")

    def _mask(self, picture: NDArray[Any], lossy: bool) -> Annotated:
        void = None if self.void is None else void_of(picture, self.void)
        mask = MaskRule(self.boundary_value, self.threshold).apply(picture, lossy, void)
        return Annotated(mask, valid=_valid(void))

    def _labels(self, picture: NDArray[Any], lossy: bool) -> Annotated:
        if lossy:
            raise ValueError("JPEG changes the values of labels, save them as PNG or TIFF")
        void = None if self.void is None else void_of(picture, self.void)
        if void is None or not void.any():
            labels = labels_of(picture)
            return Annotated(boundaries_from_labels(labels, self.thickness_px), labels)
        pixels = picture.copy()
        pixels[void] = 0
        labels = labels_of(pixels)
        boundary, known = boundaries_beside_void(labels, void, self.thickness_px)
        return Annotated(boundary, np.where(known, labels, 0), known)

    def _objects(self, entry: Entry, shape: tuple[int, ...], files: FileReader) -> Labels:
        """Return labels of the objects, in the order of the files; where two overlap, the smaller one is kept whole."""
        objects = []
        for path in entry.truths:
            picture = _fitting(entry, path, shape, files)
            with naming(path):
                objects.append(objects_of(picture.pixels, self.threshold))
        labels = np.zeros(shape, np.int32)
        for number in sorted(range(len(objects)), key=lambda index: -int(objects[index].sum())):
            labels[objects[number]] = number + 1
        return labels


def _valid(void: Mask | None) -> Mask | None:
    return ~void if void is not None and void.any() else None


def _fitting(entry: Entry, path: Path, shape: tuple[int, ...], files: FileReader) -> Picture:
    """Return a picture of the truth, as large as its image."""
    picture = files.read(path, entry.truth_page, size=(shape[0], shape[1]))
    if picture.pixels.shape[:2] != tuple(shape):
        raise ValueError(misfit(entry, path, picture.pixels.shape, shape))
    return picture


def misfit(entry: Entry, path: Path, of_truth: tuple[int, ...], of_image: tuple[int, ...]) -> str:
    """Return the sentence about a truth that is not as large as its image.

    Args:
        entry: of the sample.
        path: of the truth.
        of_truth: its shape.
        of_image: that of the image.
    """
    return (
        f"{path}: {of_truth[1]}x{of_truth[0]} pixels, but its image {entry.image} has {of_image[1]}x{of_image[0]}: "
        "save both at the same size"
    )
