"""Images too large for the memory are examined in their middle."""

from collections.abc import Iterator, Sequence

from seg.data.doctor.finding import Finding, some, warn
from seg.data.sample import Sample
from seg.data.sample_window import SampleWindow
from seg.data.windowed_sample import WindowedSample

#: Largest side of the part that is examined, in pixels.
SIDE_PX = 2048


class MiddlePart(SampleWindow):
    """The middle of a sample, under its name; its boundary share is that of the whole.

    Args:
        origin: the whole.
        side_px: largest side of the part.
    """

    def __init__(self, origin: Sample, side_px: int) -> None:
        rows, columns = (_middle(length, side_px) for length in origin.shape[:2])
        super().__init__(origin, (rows, columns), origin.name)

    @property
    def boundary_share(self) -> float:
        """Share of all annotated pixels that are boundary."""
        return self.origin.boundary_share


def seen_of(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples as they are examined: those that are read window by window in their middle."""
    return [MiddlePart(sample, SIDE_PX) if isinstance(sample, WindowedSample) else sample for sample in samples]


def check_parts(samples: Sequence[Sample]) -> Iterator[Finding]:
    """Say which images were examined in parts."""
    parts = [sample for sample in samples if isinstance(sample, MiddlePart)]
    named = [f"{part.name} ({_size(part.origin.shape)}, of which {_size(part.shape)})" for part in parts]
    if named:
        yield warn(
            "large images",
            f"but for their boundary share, size and exact copies, examined in their middle alone: {some(named)}",
        )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"


def _middle(length: int, most: int) -> slice:
    start = max(length - most, 0) // 2
    return slice(start, start + min(length, most))
