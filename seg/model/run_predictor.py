"""A run's network as a function of one image."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seg.inference.tiling import predict_array
from seg.model.averaging import NetworkEngine, averaged
from seg.model.module import BoundaryModule
from seg.record import RunRecord

#: From an image (C, H, W) in [-1, 1], any size, to the probability of a boundary, (H, W).
Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def load_model(run: Path, record: RunRecord) -> BoundaryModule:
    """Return the trained model of a run, in evaluation mode.

    Args:
        run: its folder.
        record: of the run.

    Raises:
        ValueError: the run has no trained network.
    """
    if record.checkpoint is None:
        raise ValueError(f"{run} is a {record.status} run: it has no trained network")
    return BoundaryModule.load_from_checkpoint(run / record.checkpoint)


def predict_by(model: BoundaryModule, tta: bool) -> Predict:
    """Return a model as a function of one image.

    Args:
        model: a trained one.
        tta: average over flips and turns.
    """
    engine = averaged(model.network) if tta else NetworkEngine(model.network)
    stride_px = model.network.stride_px
    return lambda image: predict_array(image, engine, stride_px)[0]


def load_predict(run: Path, record: RunRecord) -> Predict:
    """Return the run's network as a function of one image, averaged over flips and turns if the run's tests were.

    Args:
        run: its folder.
        record: of the run.

    Raises:
        ValueError: the run has no trained network.
    """
    return predict_by(load_model(run, record), record.tta)
