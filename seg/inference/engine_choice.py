"""Which engine runs an artifact's network. To add an engine, write its loading function and its row here."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from seg.inference.artifact_info import ArtifactInfo, NetworkInfo
from seg.inference.engine import Engine, OpenVinoEngine

if TYPE_CHECKING:
    from seg.network.ensemble import Network

WEIGHTS = "model.safetensors"
EXPORT = "model.onnx"
QUANTIZED = "model_int8.xml"

AUTO = "auto"

#: Of drivers for GPUs on Linux: NVIDIA, also on Jetson, AMD, and either in WSL.
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/nvmap", "/dev/kfd", "/dev/dxg")


@dataclass(frozen=True)
class EngineKind:
    """An engine that can be asked for.

    Attributes:
        name: by which it is asked for.
        file: of the artifact that it runs.
        preferred: whether `auto` takes it on this machine, if the artifact has the file.
        load: from the artifact's folder and description to the engine.
    """

    name: str
    file: str
    preferred: Callable[[], bool]
    load: Callable[[Path, ArtifactInfo], Engine]


def load_network(folder: Path, network_info: NetworkInfo) -> "Network":
    """Build an artifact's network with its weights, in evaluation mode.

    Args:
        folder: of the artifact.
        network_info: its architecture.
    """
    from safetensors.torch import load_file  # noqa: PLC0415  # PyTorch: seconds that OpenVINO does without

    from seg.network.ensemble import Ensemble  # noqa: PLC0415
    from seg.network.unet import NetworkConfig, build_network  # noqa: PLC0415

    config = NetworkConfig(**network_info.of_member())
    members = [build_network(config) for _ in range(network_info.members)]
    network = members[0] if len(members) == 1 else Ensemble(members)
    network.load_state_dict(load_file(folder / WEIGHTS))
    return network.eval()


def _load_torch(folder: Path, info: ArtifactInfo) -> Engine:
    from seg.inference.optimize import optimize  # noqa: PLC0415  # loads PyTorch and the network's library
    from seg.inference.torch_engine import TorchEngine  # noqa: PLC0415

    network = optimize(load_network(folder, info.network), info.network.in_channels)
    return TorchEngine(network, "cuda" if _has_gpu() else "cpu")


def _openvino_is_best() -> bool:
    return not _has_gpu() and find_spec("openvino") is not None


def _has_gpu() -> bool:
    """Return whether PyTorch finds a GPU; it is not even imported where no driver is there."""
    if sys.platform == "linux" and not any(Path(device).exists() for device in _GPU_DEVICES):
        return False
    import torch  # noqa: PLC0415

    return torch.cuda.is_available()


#: In the order of preference.
_KINDS = (
    EngineKind("int8", QUANTIZED, _openvino_is_best, lambda folder, _: OpenVinoEngine(folder / QUANTIZED, exact=False)),
    EngineKind("openvino", EXPORT, _openvino_is_best, lambda folder, _: OpenVinoEngine(folder / EXPORT)),
    EngineKind("torch", WEIGHTS, lambda: True, _load_torch),
)
_BY_NAME = {kind.name: kind for kind in _KINDS}

#: auto takes PyTorch on a GPU, else the best that the artifact holds for OpenVINO, else PyTorch on the CPU.
ENGINES = (AUTO, *reversed(_BY_NAME))


def choose_engine(folder: Path, engine: str = AUTO) -> str:
    """Return the engine that `auto` stands for on this machine; others stand for themselves.

    Args:
        folder: of the artifact.
        engine: one of ENGINES.

    Raises:
        ValueError: there is no such engine, or not in this artifact.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    if engine == AUTO:
        present = (kind for kind in _KINDS if kind.preferred() and (folder / kind.file).is_file())
        return next(present, _BY_NAME["torch"]).name
    needed = _BY_NAME[engine].file
    if not (folder / needed).is_file():
        raise ValueError(f"the model has no {needed} for the engine {engine}: promote it again, or use auto")
    return engine


def load_engine(folder: Path, info: ArtifactInfo, engine: str) -> Engine:
    """Load what runs the network.

    Args:
        folder: of the artifact.
        info: its description.
        engine: one of ENGINES.

    Raises:
        ValueError: there is no such engine, or not in this artifact.
    """
    return _BY_NAME[choose_engine(folder, engine)].load(folder, info)
