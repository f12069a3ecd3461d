"""Images with known answers, from the test of a run: exports are judged on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data.reading import read_image_file
from seg.data.scaling import IntensityScaling, prepare
from seg.record import RunRecord

#: Test images and training crops that are looked at.
GOLDENS = CALIBRATION_IMAGES = 16


@dataclass(frozen=True)
class Golden:
    """A test image as the network takes it.

    Attributes:
        image: (1, C, H, W), H and W multiples of the stride.
        truth: (H, W) bool, its boundary.
    """

    image: NDArray[np.float32]
    truth: NDArray[np.bool_]


def golden_inputs(run: Path, record: RunRecord, stride_px: int) -> list[Golden]:
    """Return test images of a run, and a part of the first one, so that there is more than one shape."""
    assert record.test is not None
    goldens = []
    for name in record.test.images[:GOLDENS]:
        image = read_input(run / "test" / name / "image.png", record, stride_px)
        truth = read_image_file(run / "test" / name / "truth.png") > 0
        missing = [(0, side - have) for side, have in zip(image.shape[2:], truth.shape, strict=True)]
        goldens.append(Golden(image, np.pad(truth, missing, mode="edge")))
    first = goldens[0]
    part = np.concatenate([first.image] * 2, axis=3)[..., :stride_px, : first.image.shape[3] + stride_px]
    truth = np.concatenate([first.truth] * 2, axis=1)[: part.shape[2], : part.shape[3]]
    return [*goldens, Golden(np.ascontiguousarray(part), truth)]


def read_input(path: Path, record: RunRecord, stride_px: int) -> NDArray[np.float32]:
    """Return a picture as the network takes it, (1, C, H, W), continued to whole strides."""
    config = record.config
    image = prepare(read_image_file(path), IntensityScaling(**config.scaling), config.channels)
    down, right = (-side % stride_px for side in image.shape[1:])
    return np.pad(image, ((0, 0), (0, down), (0, right)), mode="edge")[None]
