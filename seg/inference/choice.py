"""Which engine runs an artifact's network."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from seg.inference.engine import Engine, OpenVinoEngine, TorchEngine

if TYPE_CHECKING:
    from seg.network.unet import PaddedNetwork

WEIGHTS = "model.safetensors"
ARTIFACT = "artifact.json"
EXPORT = "model.onnx"
QUANTIZED = "model_int8.xml"

#: auto takes PyTorch on a GPU, else the best that the artifact holds for OpenVINO, else PyTorch on the CPU.
ENGINES = ("auto", "torch", "openvino", "int8")


def load_network(folder: Path, info: dict[str, Any]) -> "PaddedNetwork":
    """Build an artifact's network with its weights, in evaluation mode."""
    from seg.network.unet import NetworkConfig, build_network  # noqa: PLC0415  # seconds that OpenVINO does without

    network = build_network(NetworkConfig(**info["network"]))
    network.load_state_dict(load_file(folder / WEIGHTS))
    return network.eval()


def choose_engine(folder: Path, engine: str = "auto") -> str:
    """Return the engine that `auto` stands for on this machine; others stand for themselves.

    Raises:
        ValueError: there is no such engine, or not in this artifact.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    if engine == "auto":
        if torch.cuda.is_available() or find_spec("openvino") is None or not (folder / EXPORT).is_file():
            return "torch"
        return "int8" if (folder / QUANTIZED).is_file() else "openvino"
    needed = {"openvino": EXPORT, "int8": QUANTIZED}.get(engine)
    if needed is not None and not (folder / needed).is_file():
        raise ValueError(f"the model has no {needed} for the engine {engine}: promote it again, or use auto")
    return engine


def load_engine(folder: Path, info: dict[str, Any], engine: str) -> Engine:
    """Load what runs the network.

    Args:
        folder: of the artifact.
        info: its description.
        engine: one of ENGINES.

    Raises:
        ValueError: there is no such engine, or not in this artifact.
    """
    chosen = choose_engine(folder, engine)
    if chosen == "torch":
        from seg.inference.optimize import optimize  # noqa: PLC0415

        network = optimize(load_network(folder, info), info["network"]["in_channels"])
        return TorchEngine(network, "cuda" if torch.cuda.is_available() else "cpu")
    return OpenVinoEngine(folder / (EXPORT if chosen == "openvino" else QUANTIZED), exact=chosen == "openvino")
