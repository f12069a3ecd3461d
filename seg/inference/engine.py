"""What runs a network, and OpenVINO; see `seg.inference.torch_engine` for PyTorch."""

from collections import OrderedDict, deque
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from seg.inference.openvino_runtime import openvino_core, thread_options

Array = NDArray[np.float32]

#: Flips and quarter turns of an image that test-time augmentation averages over.
TTA_VIEWS = 8

#: Compiled shapes that are kept, and their pixels together: each has a copy of the weights and 150 bytes per pixel.
COMPILED_SHAPES, COMPILED_PIXELS = 4, 5_000_000


class Engine(Protocol):
    """From images (1, C, H, W) in [-1, 1] to probabilities (1, K, H, W); threads may share it.

    H and W are multiples of the network's stride. An exact engine rounds as float32 does.
    """

    exact: bool

    def __call__(self, image: Array) -> Array:
        """Run the network."""


class OpenVinoEngine:
    """OpenVINO on the CPU, with one model compiled per shape; see `seg.inference.any_size` for images of many.

    Args:
        model: an ONNX or OpenVINO file whose input is (1, C, H, W).
        exact: whether the model computes in float32; not so in int8.

    Raises:
        ModuleNotFoundError: OpenVINO is not installed.
    """

    def __init__(self, model: Path, exact: bool = True) -> None:
        self.exact = exact
        self._core = openvino_core()
        self._model = self._core.read_model(model)
        self._options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"} | thread_options()
        self._compiled: OrderedDict[tuple[int, ...], CompiledModel] = OrderedDict()
        self._lock, self._compiling = Lock(), Lock()

    def __call__(self, image: Array) -> Array:
        """Run the network; an image of another shape than those before waits for its model."""
        return (self.find(image.shape) or self.compile(image.shape))(image)

    def find(self, shape: tuple[int, ...]) -> "CompiledModel | None":
        """Return the model of a shape if there is one."""
        with self._lock:
            if shape in self._compiled:
                self._compiled.move_to_end(shape)
            return self._compiled.get(shape)

    def compile(self, shape: tuple[int, ...]) -> "CompiledModel":
        """Return the model of a shape, which takes a second or so; those used longest ago make room for it."""
        with self._compiling:
            if (found := self.find(shape)) is not None:
                return found
            model = self._model.clone()
            model.reshape(list(shape))
            compiled = CompiledModel(self._core.compile_model(model, "CPU", self._options))
            with self._lock:
                self._compiled[shape] = compiled
                while len(self._compiled) > 1 and self._is_full():
                    self._compiled.popitem(last=False)
            return compiled

    def compile_all_sizes(self) -> "CompiledModel":
        """Return one model for all shapes."""
        return CompiledModel(self._core.compile_model(self._model.clone(), "CPU", self._options))

    def _is_full(self) -> bool:
        pixels = sum(height * width for *_, height, width in self._compiled)
        return len(self._compiled) > COMPILED_SHAPES or pixels > COMPILED_PIXELS


class CompiledModel:
    """A compiled model with as many infer requests as threads have used it at a time.

    Args:
        compiled: as OpenVINO returns it.
    """

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._free: deque[Any] = deque()

    def __call__(self, image: Array) -> Array:
        """Run the network."""
        try:
            request = self._free.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        try:
            probability: Array = request.infer([np.ascontiguousarray(image)], share_inputs=True)[0]
        finally:
            self._free.append(request)
        return probability

    def release_memory(self) -> None:
        """Free what the model keeps for its next image, which is as much as the largest one so far took."""
        self._compiled.release_memory()


class AveragedEngine:
    """The mean over the eight flips and quarter turns of each image: test-time augmentation, eight times the work.

    Args:
        engine: runs the network.
    """

    def __init__(self, engine: Engine) -> None:
        self.exact = engine.exact
        self._engine = engine

    def __call__(self, image: Array) -> Array:
        """Run the network eight times."""
        total: Array | None = None
        for turns in range(4):
            turned = np.rot90(image, turns, axes=(2, 3))
            for flipped in (False, True):
                view = turned[..., ::-1] if flipped else turned
                answer = self._engine(np.ascontiguousarray(view))
                back = np.rot90(answer[..., ::-1] if flipped else answer, -turns, axes=(2, 3))
                total = back.copy() if total is None else np.add(total, back, out=total)
        assert total is not None
        return total / np.float32(TTA_VIEWS)
