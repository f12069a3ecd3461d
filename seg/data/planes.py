"""Which planes of a file make one image: its channels, and the sections beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import NDArray

from seg.data.image_error import ImageError
from seg.run_config import RunConfig

#: 1 is grey, 3 is RGB, another number the first channels of a file, a list certain channels: numbers from 0, or names.
Channels = int | list[int | str]

#: Of the sections of a stack, pixel by pixel.
Projection = Literal["max", "mean"]


@dataclass(frozen=True)
class Planes:
    """The planes of an image.

    Attributes:
        channels: of the file: numbers from 0, or names in its metadata; none: the file is grey or RGB.
        context: as many sections of a stack before and after this one are further channels; those beyond an end of the
            stack are its last section there.
        projection: makes one image of all sections (z) of a stack; None: each is an image.
    """

    channels: tuple[int | str, ...] = ()
    context: int = 0
    projection: Projection | None = None

    @classmethod
    def of(cls, channels: Channels, context: int = 0, projection: Projection | None = None) -> "Planes":
        """Return the planes that a configuration asks for.

        Args:
            channels: as in `seg.data.module.BoundaryDataModule`.
            context: >= 0.
            projection: of a stack.

        Raises:
            ValueError: a number is out of range, or context is asked for with RGB or with a projection.
        """
        chosen = channels if isinstance(channels, list) else list(range(channels))
        if not chosen or len(set(chosen)) < len(chosen) or any(isinstance(each, int) and each < 0 for each in chosen):
            raise ValueError(f"channels must be a number >= 1 or different numbers from 0, or names, got {channels}")
        if context and projection:
            raise ValueError("a projection leaves no neighboring sections: set context: 0, or projection: null")
        if context < 0:
            raise ValueError(f"context must be >= 0 sections, got {context}")
        if context and channels == 3:
            raise ValueError("context takes grey sections (channels: 1) or numbered channels, e.g. channels: [0, 1, 2]")
        return cls(() if channels in (1, 3) else tuple(chosen), context, projection)

    @classmethod
    def of_run(cls, config: RunConfig) -> "Planes":
        """Return the planes that the images of a run consist of."""
        return cls.of(config.file_channels, config.context, config.projection)  # type: ignore[arg-type]  # of a file

    @property
    def plain(self) -> bool:
        """Whether an image is one page, grey or RGB."""
        return not self.channels and not self.context and self.projection is None

    @property
    def scaled_alone(self) -> int:
        """Number of channels whose intensities are scaled each by itself."""
        return max(1, len(self.channels))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The channels of planes that are `numbered`."""
        return tuple(channel for channel in self.channels if isinstance(channel, int))

    def numbered(self, names: Sequence[str]) -> "Planes":
        """Return the same planes with numbers for the channels that are given by names.

        Args:
            names: of the file's channels; none where it tells none.

        Raises:
            ImageError: the file has not these names.
        """
        known = {name.strip().casefold(): number for number, name in reversed(list(enumerate(names)))}
        asked = [channel for channel in self.channels if isinstance(channel, str)]
        if any(name.strip().casefold() not in known for name in asked):
            has = f"its channels are {', '.join(names)}" if names else "it names no channels, use an OME-TIFF"
            raise ImageError("missing_channels", f"the image has not the channels {', '.join(asked)}: {has}")
        numbers = (each if isinstance(each, int) else known[each.strip().casefold()] for each in self.channels)
        return replace(self, channels=tuple(numbers))

    def sections(self, section: int, count: int) -> list[int]:
        """Return the sections of an image.

        Args:
            section: its own, from 0.
            count: of sections in the stack.
        """
        steps = range(-self.context, self.context + 1)
        return [min(max(section + step, 0), count - 1) for step in steps]

    def pick(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return the channels of a section, (H, W, C); the planes are numbered.

        Args:
            image: (H, W) or (H, W, all channels of the file).

        Raises:
            ImageError: it has not these channels.
        """
        every = image[..., None] if image.ndim == 2 else image
        if self.channels and max(self.numbers) >= every.shape[2]:
            raise missing_channels(self.numbers, every.shape[2])
        if not self.channels and every.shape[2] > 1 and self.context:
            raise ImageError("missing_channels", "the image is in color, grey sections are needed: convert it to grey")
        return every[..., list(self.numbers)] if self.channels else every

    def shaped(self, image: NDArray[Any]) -> NDArray[Any]:
        """Return (H, W) for a grey projection, whose channels were not chosen, and other images as they are.

        Args:
            image: (H, W, C), all planes.
        """
        return image[..., 0] if not self.channels and not self.context and image.shape[2] == 1 else image

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
