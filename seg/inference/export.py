"""From a trained network to a file that OpenVINO and others run, checked against PyTorch."""

import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from seg.inference.engine import Engine, OpenVinoEngine
from seg.inference.optimize import optimize
from seg.inference.torch_engine import TorchEngine
from seg.network.ensemble import Network

Array = NDArray[np.float32]

#: The most that a probability of the export may differ by, and the share of the pixels whose prediction may.
MAX_DIFFERENCE, MAX_FLIPPED = 1e-4, 1e-3

_OPSET = 17
_ROUNDS = 7


class ExportError(ValueError):
    """A network that cannot be exported, or whose export answers differently."""


def export_onnx(network: Network, channels: int, path: Path) -> None:
    """Write the optimized network as ONNX: image (1, C, H, W) -> probability (1, K, H, W), any H and W.

    Args:
        network: trained.
        channels: C, of its images.
        path: to be written.

    Raises:
        ExportError: an operation of the network has no counterpart.
    """
    example = torch.zeros(1, channels, 2 * network.stride_px, 3 * network.stride_px)
    sizes = {2: "height", 3: "width"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecation: the dynamo exporter does not finish with dynamic sizes
        try:
            torch.onnx.export(
                optimize(network, channels),
                (example,),
                str(path),
                dynamo=False,
                opset_version=_OPSET,
                input_names=["image"],
                output_names=["probability"],
                dynamic_axes={"image": sizes, "probability": sizes},
            )
        except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
            reason = str(error).split("\n", 1)[0]
            raise ExportError(f"the network cannot be written as ONNX: {reason}") from error


def reference(network: Network) -> Callable[[Array], Array]:
    """Return plain PyTorch as an engine, with which exports are compared."""

    def run(image: Array) -> Array:
        with torch.inference_mode():
            probability: Array = network(torch.from_numpy(image)).sigmoid().numpy()
        return probability

    return run


def check_export(engine: Engine, network: Network, images: list[Array], threshold: float) -> dict[str, float]:
    """Compare an export with PyTorch and return how far they are apart.

    Args:
        engine: runs the export.
        network: that was exported, in evaluation mode.
        images: (1, C, H, W), H and W multiples of the stride, of more than one shape.
        threshold: probability from which a pixel is boundary.

    Raises:
        ExportError: they differ by more than MAX_DIFFERENCE or in more than MAX_FLIPPED of the predictions.
    """
    pairs = [(engine(image), reference(network)(image)) for image in images]
    difference = max(float(np.abs(answer - expected).max()) for answer, expected in pairs)
    flips = [((answer >= threshold) != (expected >= threshold)).ravel() for answer, expected in pairs]
    flipped = float(np.concatenate(flips).mean())
    if not (difference <= MAX_DIFFERENCE and flipped <= MAX_FLIPPED):
        raise ExportError(
            f"the export differs from PyTorch: by up to {difference:.2g} (at most {MAX_DIFFERENCE:g} is allowed), "
            f"{flipped:.2%} of the predictions (at most {MAX_FLIPPED:.1%})"
        )
    return {"max_difference": difference, "flipped": flipped}


def measure_speed_up(run: Callable[[Array], Array], peer: Callable[[Array], Array], image: Array) -> float:
    """Return how many times faster an engine is than another: both in turn, the best time of each.

    Args:
        run: to be measured.
        peer: that it is compared with.
        image: (1, C, H, W).
    """
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for number in range(_ROUNDS):
        for which, function in enumerate((run, peer)):
            start = time.perf_counter()
            function(image)
            seconds[which] += [time.perf_counter() - start] if number else []
    return min(seconds[1]) / min(seconds[0])


def export(network: Network, images: list[Array], threshold: float, path: Path) -> dict[str, float]:
    """Write, check and measure the export; nothing stays of one that is refused.

    Args:
        network: trained, in evaluation mode.
        images: as in `check_export`; speed is measured on the first.
        threshold: probability from which a pixel is boundary.
        path: of the ONNX file.

    Returns:
        max_difference and flipped (share of the predictions), both against PyTorch, and how many times faster it is.

    Raises:
        ExportError: it cannot be written or answers differently.
        ModuleNotFoundError: onnx or openvino is not installed.
    """
    try:
        export_onnx(network, images[0].shape[1], path)
        engine = OpenVinoEngine(path)
        checked = check_export(engine, network, images, threshold)
    except ExportError:
        path.unlink(missing_ok=True)
        raise
    return checked | {"speed_up": measure_speed_up(engine, reference(network), images[0])}


def fastest_engine(network: Network, channels: int, threshold: float) -> Engine:
    """Return what runs a network fastest here: PyTorch on a GPU, else its export where that agrees, else PyTorch.

    Args:
        network: trained, in evaluation mode.
        channels: of its images.
        threshold: probability from which a pixel is boundary.
    """
    if torch.cuda.is_available():
        return TorchEngine(optimize(network, channels), "cuda")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        noise = np.random.default_rng(0).uniform(-1, 1, (1, channels, 4 * network.stride_px, 5 * network.stride_px))
        try:
            export_onnx(network, channels, path)
            engine = OpenVinoEngine(path)
            check_export(engine, network, [noise.astype(np.float32)], threshold)
        except (ExportError, ModuleNotFoundError):
            return TorchEngine(optimize(network, channels))
        return engine
