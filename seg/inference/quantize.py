"""The exported network in 8-bit integers, accepted where it costs almost no accuracy."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seg.inference.engine import Engine, OpenVinoEngine
from seg.inference.export import measure_speed_up
from seg.inference.golden import Golden, read_input, validation_goldens
from seg.inference.openvino_runtime import import_nncf, import_openvino, openvino_core
from seg.inference.predictor import dice
from seg.metrics.boundary import boundary_f1
from seg.record import RunRecord

#: The least overlap of the int8 mask with the float32 mask, and the most that the boundary F1 may fall by.
MIN_DICE, MAX_LOSS = 0.99, 0.005

#: As many convolutions after the image stay in float32; the next number is tried where the one before costs too much.
#: Their outputs differ most in range between channels, and all later layers inherit their rounding errors.
FLOAT_CONVOLUTIONS = (0, 6)

_CONVOLUTIONS = ("Convolution", "GroupConvolution", "ConvolutionBackpropData")


def quantize(run: Path, record: RunRecord, stride_px: int, model: Path, path: Path) -> dict[str, float]:
    """Write the int8 model, calibrated on training crops, and check it on validation images.

    Where the whole network in int8 costs too much accuracy, its first convolutions stay in float32.

    Args:
        run: holds the crops (calibration/*.png) and the validation pictures.
        record: of the run.
        stride_px: of the network.
        model: the ONNX file.
        path: of the OpenVINO model to be written, ending in .xml; its weights go beside it.

    Returns:
        dice (against the float32 masks), boundary_f1_loss, float_convolutions (as many stay in float32), and how
        many times faster than float32 it is.

    Raises:
        ValueError: the run has no crops or validation pictures, nncf is not installed, or int8 costs too much.
    """
    crops = [read_input(crop, record, stride_px) for crop in sorted((run / "calibration").glob("*.png"))]
    if not crops:
        raise ValueError(f"{run} has no training crops to calibrate int8 on (calibration/*.png): train it again")
    goldens = validation_goldens(run, record, stride_px)
    checked = write_accepted(crops, model, path, goldens, record.threshold, record.config.tolerance_px)
    speed_up = measure_speed_up(OpenVinoEngine(path, exact=False), OpenVinoEngine(model), goldens[0].image)
    return checked | {"speed_up_over_openvino": speed_up}


def write_accepted(
    crops: list[NDArray[np.float32]],
    model: Path,
    path: Path,
    goldens: list[Golden],
    threshold: float,
    tolerance_px: float,
) -> dict[str, float]:
    """Write the int8 model with as few convolutions in float32 as it takes to be accepted.

    Args:
        crops: (1, C, H, W), to calibrate on.
        model: the ONNX file.
        path: of the OpenVINO model to be written.
        goldens: images with their truth.
        threshold: probability from which a pixel is boundary.
        tolerance_px: of the boundary F1.

    Raises:
        ValueError: as `check_quantized` does for the last attempt, or nncf is not installed.
    """
    exact, last = OpenVinoEngine(model), FLOAT_CONVOLUTIONS[-1]
    for count in FLOAT_CONVOLUTIONS:
        write_quantized(crops, model, path, count)
        try:
            checked = check_quantized(OpenVinoEngine(path, exact=False), exact, goldens, threshold, tolerance_px)
        except ValueError:
            if count == last:
                raise
        else:
            break
    return checked | {"float_convolutions": float(count)}


def write_quantized(crops: list[NDArray[np.float32]], model: Path, path: Path, float_convolutions: int = 0) -> None:
    """Write the OpenVINO model in int8, calibrated on crops (1, C, H, W).

    Args:
        crops: as the network takes them.
        model: the ONNX file.
        path: of the OpenVINO model to be written.
        float_convolutions: as many convolutions after the image stay in float32, see `first_convolutions`.

    Raises:
        ValueError: nncf is not installed.
    """
    try:
        nncf = import_nncf()
    except ModuleNotFoundError as error:
        raise ValueError('int8 needs nncf: pip install "septum[promote]"') from error
    nncf.set_log_level(logging.ERROR)
    read = openvino_core().read_model(model)
    ignored = nncf.IgnoredScope(names=first_convolutions(read, float_convolutions))
    quantized = nncf.quantize(read, nncf.Dataset(crops), preset=nncf.QuantizationPreset.MIXED, ignored_scope=ignored)
    import_openvino().save_model(quantized, path, compress_to_fp16=False)


def first_convolutions(model: Any, count: int) -> list[str]:
    """Return the names of the convolutions that at most `count` convolutions lead to, themselves included.

    In an ensemble these are the first of each member.

    Args:
        model: OpenVINO's.
        count: on the longest way from the image.
    """
    depths: dict[str, int] = {}
    convolutions = []
    for node in model.get_ordered_ops():
        name = node.get_friendly_name()
        depths[name] = max((depths[source.get_node().get_friendly_name()] for source in node.input_values()), default=0)
        if node.get_type_name() in _CONVOLUTIONS:
            depths[name] += 1
            convolutions.append(name)
    return [name for name in convolutions if depths[name] <= count]


def check_quantized(
    quantized: Engine, exact: Engine, goldens: list[Golden], threshold: float, tolerance_px: float
) -> dict[str, float]:
    """Compare the masks of two engines and return how much they differ.

    Args:
        quantized: to be checked.
        exact: in float32.
        goldens: images with their truth.
        threshold: probability from which a pixel is boundary.
        tolerance_px: of the boundary F1.

    Raises:
        ValueError: the masks' Dice is below MIN_DICE, or the boundary F1 is lower by more than MAX_LOSS.
    """
    pairs = [[engine(golden.image)[0, 0] * golden.valid for engine in (quantized, exact)] for golden in goldens]
    masks = [np.concatenate([side.ravel() >= threshold for side in sides]) for sides in zip(*pairs, strict=True)]
    overlap = dice(*masks)
    scores = [
        [boundary_f1(side, golden.truth, np.array([threshold], np.float32), tolerance_px).item() for side in pair]
        for pair, golden in zip(pairs, goldens, strict=True)
    ]
    lower, upper = np.mean(scores, axis=0).tolist()
    if not (overlap >= MIN_DICE and upper - lower <= MAX_LOSS):
        raise ValueError(
            f"int8 costs too much: its masks overlap those of float32 by a Dice of {overlap:.4f} (at least {MIN_DICE}"
            f" is needed), boundary F1 is {lower:.4f} instead of {upper:.4f} (at most {MAX_LOSS} less is allowed)"
        )
    return {"dice": overlap, "boundary_f1_loss": upper - lower}
