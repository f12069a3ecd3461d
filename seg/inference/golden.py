"""Images with known answers, from the pictures of a run: exports are checked on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.data.case_files import TRUTH, read_mask, read_valid
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling, prepare
from seg.data.stored_input import read_picture
from seg.record import RunRecord

#: How many pictures of each kind are used.
GOLDENS = CALIBRATION_IMAGES = 16


@dataclass(frozen=True)
class Golden:
    """An image as the network takes it, with its truth.

    Attributes:
        image: (1, C, H, W), H and W multiples of the stride.
        truth: (H, W) bool, its boundary.
        valid: (H, W) bool, False at void pixels; True alone: there are none.
    """

    image: NDArray[np.float32]
    truth: NDArray[np.bool_]
    valid: NDArray[np.bool_] | bool = True


def export_inputs(run: Path, record: RunRecord, stride_px: int) -> list[NDArray[np.float32]]:
    """Return test images, and a part of the first one, so that there is more than one shape.

    Their truth is not read: an export is compared with PyTorch.

    Args:
        run: its folder.
        record: of the run.
        stride_px: of the network.
    """
    assert record.test is not None
    names = record.test.images[:GOLDENS]
    images = [read_input(run / "test" / name / "image.png", record, stride_px) for name in names]
    first = images[0]
    part = np.concatenate([first] * 2, axis=3)[..., :stride_px, : first.shape[3] + stride_px]
    return [*images, np.ascontiguousarray(part)]


def validation_goldens(run: Path, record: RunRecord, stride_px: int) -> list[Golden]:
    """Return validation images with their truth: what is chosen by accuracy is chosen on them, not on test images.

    Args:
        run: its folder.
        record: of the run.
        stride_px: of the network.

    Raises:
        ValueError: the run has no validation pictures.
    """
    assert record.validation is not None
    folders = [run / "validation" / name for name in record.validation.images[:GOLDENS]]
    if not all((folder / TRUTH).is_file() for folder in folders):
        raise ValueError(f"{run} has no validation pictures to check int8 on (validation/): train it again")
    return [_golden(folder, record, stride_px) for folder in folders]


def _golden(folder: Path, record: RunRecord, stride_px: int) -> Golden:
    image = read_input(folder / "image.png", record, stride_px)
    truth, valid = read_mask(folder), read_valid(folder)
    missing = [(0, side - have) for side, have in zip(image.shape[2:], truth.shape, strict=True)]
    whole = np.ones_like(truth) if valid is None else valid
    return Golden(image, *(np.pad(picture, missing, mode="edge") for picture in (truth, whole)))


def read_input(path: Path, record: RunRecord, stride_px: int) -> NDArray[np.float32]:
    """Return a picture as the network takes it, (1, C, H, W), continued to whole strides.

    Args:
        path: of the picture.
        record: of the run, with scaling and channels.
        stride_px: of the network.
    """
    config = record.config
    scaling = IntensityScaling(**config.scaling)
    alone = Planes.of_run(config).scaled_alone
    image = prepare(read_picture(path), scaling, config.channels, alone)
    down, right = (-side % stride_px for side in image.shape[1:])
    return np.pad(image, ((0, 0), (0, down), (0, right)), mode="edge")[None]
