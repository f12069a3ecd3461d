"""Which planes of a file make one image: its channels, and the sections beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from seg.data.image_error import ImageError

#: 1 is grey, 3 is RGB, another number the first channels of a file, a list certain channels, from 0.
Channels = int | list[int]


@dataclass(frozen=True)
class Planes:
    """The planes of an image.

    Attributes:
        channels: numbers of the channels in the file, from 0; none: the file is grey or RGB.
        context: as many sections of a stack before and after this one are further channels; those beyond an end of the
            stack are its last section there.
    """

    channels: tuple[int, ...] = ()
    context: int = 0

    @classmethod
    def of(cls, channels: Channels, context: int = 0) -> "Planes":
        """Return the planes that a configuration asks for.

        Args:
            channels: as in `seg.data.module.BoundaryDataModule`.
            context: >= 0.

        Raises:
            ValueError: a number is out of range, or context is asked for with RGB.
        """
        numbers = channels if isinstance(channels, list) else list(range(channels))
        if not numbers or min(numbers) < 0 or len(set(numbers)) < len(numbers):
            raise ValueError(f"channels must be a number >= 1 or different numbers from 0, got {channels}")
        if context < 0:
            raise ValueError(f"context must be >= 0 sections, got {context}")
        if context and channels == 3:
            raise ValueError("context takes grey sections (channels: 1) or numbered channels, e.g. channels: [0, 1, 2]")
        return cls(() if channels in (1, 3) else tuple(numbers), context)

    @property
    def plain(self) -> bool:
        """Whether an image is one page, grey or RGB."""
        return not self.channels and not self.context

    @property
    def scaled_alone(self) -> int:
        """Number of channels whose intensities are scaled each by itself."""
        return max(1, len(self.channels))

    def sections(self, section: int, count: int) -> list[int]:
        """Return the sections of an image.

        Args:
            section: its own, from 0.
            count: of sections in the stack.
        """
        steps = range(-self.context, self.context + 1)
        return [min(max(section + step, 0), count - 1) for step in steps]

    def pick(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the channels of a section, (H, W, C).

        Args:
            image: (H, W) or (H, W, all channels of the file).

        Raises:
            ImageError: it has not these channels.
        """
        every = image[..., None] if image.ndim == 2 else image
        if self.channels and max(self.channels) >= every.shape[2]:
            raise missing_channels(self.channels, every.shape[2])
        if not self.channels and every.shape[2] > 1:
            raise ImageError("missing_channels", "the image is in color, grey sections are needed: convert it to grey")
        return every[..., list(self.channels)] if self.channels else every

    def own(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the channels of the image's own section, (H, W) if there is one.

        Args:
            image: (H, W, C), all planes; another is returned as it is.
        """
        sections = 2 * self.context + 1
        if image.ndim == 2 or self.plain or image.shape[2] % sections:
            return image
        size = image.shape[2] // sections
        own = image[..., self.context * size : (self.context + 1) * size]
        return own[..., 0] if size == 1 else own


def missing_channels(needed: Sequence[int], available: int) -> ImageError:
    """Return the error of an image that lacks channels.

    Args:
        needed: numbers from 0.
        available: how many the image has.
    """
    numbers, some = ", ".join(map(str, needed)), "channel" if available == 1 else "channels"
    return ImageError(
        "missing_channels",
        f"the image has {available} {some}, needed are {len(needed)}, numbered {numbers} from 0: use a TIFF with them",
    )
