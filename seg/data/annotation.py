"""The files of a sample, and how those of its truth are read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seg.data.file_reader import FileReader, Picture, naming
from seg.data.labels import boundaries_from_labels
from seg.data.truth import MaskRule, Value, labels_of, objects_of

Truth = Literal["mask", "labels", "objects"]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


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


@dataclass(frozen=True)
class Annotation:
    """How truths are read.

    Attributes:
        truth: what a file shows: a mask, labels, or one object.
        boundary_value: of masks; see `seg.data.truth.MaskRule`.
        threshold: of masks or objects with smoothed edges.
        thickness_px: depth of the boundaries that are derived from cells, in pixels, >= 1.

    Raises:
        ValueError: thickness_px < 1, or a threshold is given together with a color.
    """

    truth: Truth
    boundary_value: Value = 255
    threshold: float | None = None
    thickness_px: int = 1

    def __post_init__(self) -> None:
        if self.thickness_px < 1:
            raise ValueError(f"thickness_px must be >= 1, got {self.thickness_px}")
        MaskRule(self.boundary_value, self.threshold)  # refuses a threshold with a color

    def read(self, entry: Entry, shape: tuple[int, ...], files: FileReader) -> tuple[Mask, Labels | None]:
        """Return the mask of the boundary, and the labels where cells are annotated.

        Args:
            entry: whose truths are read.
            shape: (height, width) of its image.
            files: reads them.

        Raises:
            ValueError: a file is unfit; begins with its path.
            OSError: a file cannot be opened.
        """
        if self.truth == "mask":
            return self._mask(entry, shape, files), None
        labels = self._objects(entry, shape, files) if self.truth == "objects" else _labels(entry, shape, files)
        with naming(entry.truths[0] if entry.truths else entry.image):
            return boundaries_from_labels(labels, self.thickness_px), labels

    def _mask(self, entry: Entry, shape: tuple[int, ...], files: FileReader) -> Mask:
        picture = _fitting(entry, entry.truths[0], shape, files)
        with naming(entry.truths[0]):
            return MaskRule(self.boundary_value, self.threshold).apply(picture.pixels, picture.lossy)

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


def _labels(entry: Entry, shape: tuple[int, ...], files: FileReader) -> Labels:
    picture = _fitting(entry, entry.truths[0], shape, files)
    with naming(entry.truths[0]):
        if picture.lossy:
            raise ValueError("JPEG changes the values of labels, save them as PNG or TIFF")
        return labels_of(picture.pixels)


def _fitting(entry: Entry, path: Path, shape: tuple[int, ...], files: FileReader) -> Picture:
    """Return a picture of the truth, as large as its image."""
    picture = files.read(path, entry.truth_page)
    height, width = picture.pixels.shape[:2]
    if (height, width) != tuple(shape):
        raise ValueError(
            f"{path}: {width}x{height} pixels, but its image {entry.image} has {shape[1]}x{shape[0]}: "
            "save both at the same size"
        )
    return picture
