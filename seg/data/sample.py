"""What a data source returns: one image with the mask of its boundaries and, where known, its cells."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seg.data.pixel_size import PixelSize
from seg.data.planes import Planes

#: Rows and columns of a part of an image.
Window = tuple[slice, slice]

#: Pixels that are boundary, or that somebody annotated.
Chosen = Literal["boundary", "annotated"]

#: A file name has at most 255 bytes; the files of a sample append to its name.
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Sample:
    """One annotated image.

    Attributes:
        name: unique within its source; names output files and holds the split group. See `check_names`.
        image: (H, W) or (H, W, C), the dtype of the file.
        mask: (H, W) bool, True on the boundary.
        labels: (H, W) instance labels, 0 is background; None where the source has masks alone.
        pixel: (height, width) of a pixel in micrometers; None where it is not known.
        thickness_px: depth at which the mask was derived from the labels; None where it was drawn.
        valid: (H, W) bool, False at void pixels, which nobody annotated: neither loss nor scores see them. Mask and
            labels are False and 0 there. None: everything is annotated.
    """

    name: str
    image: NDArray[Any]
    mask: NDArray[np.bool_]
    labels: NDArray[np.int32] | None = None
    thickness_px: int | None = None
    pixel: PixelSize | None = None
    valid: NDArray[np.bool_] | None = None

    @property
    def boundary_share(self) -> float:
        """Share of the annotated pixels that are boundary."""
        return float((self.mask if self.valid is None else self.mask[self.valid]).mean())

    @property
    def void_share(self) -> float:
        """Share of the pixels that nobody annotated."""
        return 0.0 if self.valid is None else float(1 - self.valid.mean())

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image."""
        return self.image.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the image."""
        return self.image.dtype

    @property
    def channels(self) -> int:
        """Number of channels of the image."""
        return 1 if len(self.shape) == 2 else self.shape[2]

    @property
    def labeled(self) -> bool:
        """Whether there are labels."""
        return self.labels is not None

    @property
    def partly(self) -> bool:
        """Whether there are void pixels."""
        return self.valid is not None

    @property
    def origin(self) -> "Sample":
        """The sample of which it is a window, by whose intensities it is scaled; itself if it is none."""
        return self

    def whole(self) -> "Sample":
        """Return all of it in memory."""
        return self

    def window(self, window: Window) -> "Sample":
        """Return a part of it in memory."""
        labels = None if self.labels is None else self.labels[window]
        valid = None if self.valid is None else self.valid[window]
        return replace(self, image=self.image[window], mask=self.mask[window], labels=labels, valid=valid)

    def strips(self) -> Iterator["Sample"]:
        """Return parts, of all columns, that are in memory one after another; together they are the whole."""
        yield self

    def image_strips(self) -> Iterator[NDArray[Any]]:
        """Return the image of each strip."""
        yield self.image

    def count(self, chosen: Chosen) -> int:
        """Return the number of pixels that are boundary, or annotated."""
        return int(np.count_nonzero(self._pixels(chosen)))

    def find(self, chosen: Chosen, number: int) -> tuple[int, int]:
        """Return row and column of a pixel that is boundary, or annotated.

        Args:
            chosen: what it is.
            number: of the pixel among these, row by row, from 0.
        """
        pixels = self._pixels(chosen)
        row, column = np.unravel_index(np.flatnonzero(pixels)[number], pixels.shape)
        return int(row), int(column)

    def _pixels(self, chosen: Chosen) -> NDArray[np.bool_]:
        if chosen == "boundary":
            return self.mask
        return np.ones_like(self.mask) if self.valid is None else self.valid


class Source(Sequence[Sample]):
    """A sequence of samples, in the order of the sections of a volume.

    Attributes:
        independent: whether the samples are no sections of one volume, whatever the split says.
        planes: channels and neighboring sections that images consist of; see `take_planes`.
        cache_bytes: for the decoded images that a source may keep in memory, if it reads files.
    """

    independent: bool = False
    planes: Planes = Planes()
    cache_bytes: int = 4 << 30

    def take_planes(self, planes: Planes) -> None:
        """Ask for certain channels and neighboring sections; called before the first image is read.

        A source that does not read files may ignore it and return images with as many channels.
        """
        self.planes = planes


def check_names(names: Sequence[str]) -> None:
    """Check that each name can be the name of files of its own, within one folder.

    Args:
        names: of all samples.

    Raises:
        ValueError: lists every name that is used twice, is a path, or cannot be a file name.
    """
    problems = list(_name_problems(names))
    if problems:
        listing = "\n  ".join(problems)
        raise ValueError(f"{len(problems)} name(s) of images cannot be used, rename the images:\n  {listing}")


def check_channels(samples: Sequence[Sample], channels: int) -> None:
    """Check that the network can take each image.

    Args:
        samples: of all splits.
        channels: of the network's input; 1 and 3 take grey and RGB.

    Raises:
        ValueError: an image has another number of channels; names them.
    """
    fits = {1, 3} if channels in (1, 3) else {channels}
    odd = [sample for sample in samples if sample.channels not in fits]
    if odd:
        shape = odd[0].shape
        raise ValueError(
            f"{len(odd)} image(s) have not the {channels} channels of the network's input, e.g. {odd[0].name} with the "
            f"shape {shape}: set channels: in the data to the channels to use, e.g. [0, 1]"
        )


def _name_problems(names: Sequence[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{name!r}: {count} images have this name, and their results would overwrite each other"
        if name in ("", ".", "..") or any(character in "/\\" or not _is_visible(character) for character in name):
            yield f"{name!r}: a name is not empty and no path, and has no control characters"
        elif len(os.fsencode(name)) > _LONGEST_NAME:
            yield f"{name[:30]!r}...: a name has at most {_LONGEST_NAME} bytes, this one has {len(os.fsencode(name))}"


def _is_visible(character: str) -> bool:
    return character >= " " and character != "\x7f" and not "\ud800" <= character <= "\udfff"
