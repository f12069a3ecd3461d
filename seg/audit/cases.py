"""The images of an audit, and how much an answer changed."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data.case_files import read_input, read_mask
from seg.record import RunRecord

Image = NDArray[np.float32]

#: Pixels nearer than this to what was changed may answer differently: a boundary is judged by its surroundings.
MARGIN_PX = 16

#: Of the boundary that was or is predicted; a larger change is a strong one.
STRONG = 0.3


@dataclass(frozen=True)
class Case:
    """A test image.

    Attributes:
        name: of the image.
        image: (C, H, W), the network's input, in [-1, 1].
        truth: (H, W), True on the boundary.
    """

    name: str
    image: Image
    truth: NDArray[np.bool_]


def load_cases(run: Path, record: RunRecord, largest: int) -> list[Case]:
    """Return test images of a run, evenly spaced where there are more than `largest`.

    Args:
        run: its folder.
        record: of the run.
        largest: number of images, >= 2.

    Raises:
        ValueError: there are fewer than two images.
    """
    names = record.test.images if record.test else []
    if len(names) < 2 or largest < 2:
        raise ValueError(f"an audit needs at least 2 test images, {run} has {len(names)} and {largest} are asked for")
    chosen = np.unique(np.linspace(0, len(names) - 1, min(largest, len(names))).round().astype(int))
    folders = [(names[place], run / "test" / names[place]) for place in chosen]
    return [Case(name, read_input(folder), read_mask(folder)) for name, folder in folders]


def change(before: Image, after: Image, where: NDArray[np.bool_]) -> float:
    """Return how much of the predicted boundary changed: 0 none, 1 all of it appeared or vanished.

    Args:
        before: probability, (H, W).
        after: the same, of the changed image.
        where: (H, W), the pixels that count.
    """
    earlier, later = before[where], after[where]
    mass = max(float(earlier.sum()), float(later.sum()), 0.01 * earlier.size)
    return float(np.abs(later - earlier).sum()) / mass
