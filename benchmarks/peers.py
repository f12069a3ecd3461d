"""The engines that are compared, each as a function from an image (1, C, H, W) to probabilities, on one thread."""

import copy
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from seg.inference.engine import OpenVinoEngine
from seg.inference.export import export_onnx
from seg.inference.quantize import FLOAT_CONVOLUTIONS, write_quantized
from seg.network.unet import PaddedNetwork

Array = NDArray[np.float32]
Run = Callable[[Array], Array]

INSTALL = 'pip install --constraint constraints.txt -e ".[dev,bench]"'


def pin_to_one_core() -> None:
    """Use one thread, which the system does not move (where it can be told so)."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for OpenVINO
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def engines(network: PaddedNetwork, original: torch.nn.Module, folder: Path) -> dict[str, Run]:
    """Return all engines by name; `eager`, the peer of the others, comes first.

    Args:
        network: in evaluation mode; it stays as it is.
        original: the same network as segmentation-models-pytorch builds it; `eager` runs it.
        folder: for their files. Our graph has the kernels of the decoder and the normalization folded in.
    """
    plain, ours = folder / "plain.onnx", folder / "ours.onnx"
    export_plain(network, plain)
    export_onnx(network, 1, ours)
    return {
        "eager": eager(original),
        "eager, our decoder": eager(network.network),
        "channels_last, our decoder": eager(network.network, torch.channels_last),
        "torch.compile": eager(network.network, torch.channels_last, compiled="default"),
        "torch.compile, max-autotune": eager(network.network, torch.channels_last, compiled="max-autotune"),
        "ONNX Runtime": onnx_runtime(plain),
        "ONNX Runtime, our graph": onnx_runtime(ours),
        "ONNX Runtime int8": onnx_runtime_int8(plain),
        "ONNX Runtime int8, our graph": onnx_runtime_int8(ours),
        "OpenVINO": OpenVinoEngine(plain),
        "ours fp32": OpenVinoEngine(ours),
        "ours int8": int8(folder, 0),
        f"ours int8, {FLOAT_CONVOLUTIONS[-1]} layers fp32": int8(folder, FLOAT_CONVOLUTIONS[-1]),
    }


def eager(
    network: torch.nn.Module, layout: torch.memory_format = torch.contiguous_format, compiled: str | None = None
) -> Run:
    """Return a network as it is, or compiled by torch.compile in that mode."""
    module = torch.nn.Sequential(copy.deepcopy(network), torch.nn.Sigmoid()).eval().to(memory_format=layout)
    if compiled:
        torch._inductor.config.freezing = True
    run = torch.compile(module, dynamic=False, mode=compiled) if compiled else module

    def predict(image: Array) -> Array:
        with torch.no_grad() if compiled else torch.inference_mode():  # freezing asks for no_grad
            return run(torch.from_numpy(image).contiguous(memory_format=layout)).numpy()

    return predict


def export_plain(network: PaddedNetwork, path: Path) -> None:
    """Write the network as it is trained, with our decoder, but with nothing folded in, as ONNX."""
    module = torch.nn.Sequential(copy.deepcopy(network.network), torch.nn.Sigmoid()).eval()
    axes = {"image": {2: "height", 3: "width"}}
    example = (torch.zeros(1, 1, 256, 256),)
    torch.onnx.export(module, example, str(path), dynamo=False, input_names=["image"], dynamic_axes=axes)


def onnx_runtime(path: Path) -> Run:
    """Return ONNX Runtime with a network."""
    try:
        import onnxruntime  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SystemExit(f"the benchmark needs ONNX Runtime: {INSTALL}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})[0]


def onnx_runtime_int8(path: Path) -> Run:
    """Return ONNX Runtime with a network in int8, statically quantized as its documentation advises for x86.

    Args:
        path: of the network in float32; the other is written beside it.
    """
    from onnxruntime.quantization import quantize_static  # noqa: PLC0415
    from onnxruntime.quantization.calibrate import CalibrationDataReader  # noqa: PLC0415
    from onnxruntime.quantization.registry import QDQRegistry  # noqa: PLC0415
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    class Noise(CalibrationDataReader):
        def __init__(self) -> None:
            self._images = iter([{"image": noise(256)} for _ in range(16)])

        def get_next(self) -> dict[str, Array] | None:
            return next(self._images, None)

    ready, quantized = path.with_suffix(".ready.onnx"), path.with_suffix(".int8.onnx")
    quant_pre_process(path, ready, skip_symbolic_shape=True)  # of sizes that are not known yet
    kinds = sorted(set(QDQRegistry) - {"ConvTranspose"})  # which gets another shape in int8, and fails
    quantize_static(ready, quantized, Noise(), op_types_to_quantize=kinds, per_channel=True, reduce_range=True)
    return onnx_runtime(quantized)


def int8(folder: Path, float_convolutions: int) -> OpenVinoEngine:
    """Return the export in `folder` in int8; what it is calibrated on does not change its speed."""
    path = folder / f"int8_{float_convolutions}.xml"
    write_quantized([noise(256) for _ in range(16)], folder / "ours.onnx", path, float_convolutions)
    return OpenVinoEngine(path, exact=False)


def monai(image: Array, run: Run) -> Callable[[], object]:
    """Return MONAI's sliding window over an image (C, H, W): tiles of 512, overlap 0.25, one at a time."""
    from monai.inferers import sliding_window_inference  # noqa: PLC0415

    batch = torch.from_numpy(image)[None]
    return lambda: sliding_window_inference(
        batch, (512, 512), 1, lambda tiles: torch.from_numpy(run(tiles.numpy())), overlap=0.25
    )


def noise(size: int) -> Array:
    """Return an image (1, 1, size, size) in [-1, 1]."""
    return np.random.default_rng(0).uniform(-1, 1, (1, 1, size, size)).astype(np.float32)
