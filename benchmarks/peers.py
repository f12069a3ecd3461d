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
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def engines(network: PaddedNetwork, folder: Path) -> dict[str, Run]:
    """Return all engines by name; `eager`, the peer of the others, comes first.

    Args:
        network: in evaluation mode; it stays as it is.
        folder: for their files.
    """
    export_onnx(network, 1, folder / "ours.onnx")
    return {
        "eager": eager(network),
        "channels_last": eager(network, torch.channels_last),
        "torch.compile": eager(network, torch.channels_last, compiled=True),
        "ONNX Runtime": onnx_runtime(network, folder / "plain.onnx"),
        "ours fp32": OpenVinoEngine(folder / "ours.onnx"),
        "ours int8": int8(folder, 0),
        f"ours int8, {FLOAT_CONVOLUTIONS[-1]} layers fp32": int8(folder, FLOAT_CONVOLUTIONS[-1]),
    }


def eager(network: PaddedNetwork, layout: torch.memory_format = torch.contiguous_format, compiled: bool = False) -> Run:
    """Return the network as segmentation-models-pytorch makes it."""
    core = copy.deepcopy(network.network)
    module = torch.nn.Sequential(core, torch.nn.Sigmoid()).eval().to(memory_format=layout)
    if compiled:
        torch._inductor.config.freezing = True
    run = torch.compile(module, dynamic=False) if compiled else module

    def predict(image: Array) -> Array:
        with torch.no_grad() if compiled else torch.inference_mode():  # freezing asks for no_grad
            return run(torch.from_numpy(image).contiguous(memory_format=layout)).numpy()

    return predict


def onnx_runtime(network: PaddedNetwork, path: Path) -> Run:
    """Return the network as it is, neither folded nor rewritten, in ONNX Runtime."""
    try:
        import onnxruntime  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SystemExit(f"the benchmark needs ONNX Runtime: {INSTALL}") from error
    module = torch.nn.Sequential(copy.deepcopy(network.network), torch.nn.Sigmoid()).eval()
    axes = {"image": {2: "height", 3: "width"}}
    example = (torch.zeros(1, 1, 256, 256),)
    torch.onnx.export(module, example, str(path), dynamo=False, input_names=["image"], dynamic_axes=axes)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})[0]


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
