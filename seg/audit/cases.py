"""The images of an audit, and how much an answer changed."""

from collections import Counter
from collections.abc import Sequence
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


def of_one_size(cases: Sequence[Case]) -> list[Case]:
    """Return the images of the most frequent size.

    Args:
        cases: at least one.
    """
    sizes = Counter(case.truth.shape for case in cases)
    return [case for case in cases if case.truth.shape == sizes.most_common(1)[0][0]]


def donors(answers: Sequence[Image]) -> list[int]:
    """Return for each image another one that is as unlike it as possible in how much boundary is predicted.

    What tells a network how much boundary there is differs most between these two.

    Args:
        answers: probability of each image, (H, W).
    """
    order = [int(place) for place in np.argsort([float(answer.mean()) for answer in answers], kind="stable")]
    return [order[(order.index(place) + len(order) // 2) % len(order)] for place in range(len(order))]


def like(other: Image, image: Image) -> Image:
    """Return another image with the median and the range between the quartiles of each channel of an image.

    What is pasted then brings structure along, not brightness and contrast, which are examined by themselves.

    Args:
        other: (C, H, W).
        image: the same.
    """
    quartiles = [np.percentile(each, [25, 50, 75], axis=(1, 2), keepdims=True) for each in (other, image)]
    (low, middle, high), (_, goal, _) = quartiles
    scale = (quartiles[1][2] - quartiles[1][0]) / np.maximum(high - low, 1e-6)
    adapted: Image = np.clip(goal + (other - middle) * scale.clip(0.2, 5), -1, 1).astype(np.float32)
    return adapted


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
