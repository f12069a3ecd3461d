"""Images of many sizes without waiting: one model for all sizes, and models for the frequent ones beside it."""

import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from seg.inference.engine import Array, CompiledModel, Engine, OpenVinoEngine
from seg.inference.gathering import TOGETHER, GatheringEngine

#: A model is compiled for shapes with at least this share of the last images, so for no more than are kept. So many are
#: remembered that chance makes none of six shapes frequent: a model that is dropped leaves some of its memory behind.
FREQUENT_SHARE, REMEMBERED_IMAGES = 0.25, 256

#: A model that runs several small images in one call is compiled for a shape that at least this share has.
GATHERED_SHARE = 0.5

#: What the model for all sizes keeps of larger images, about 150 bytes per pixel, is freed after each.
LARGE_PIXELS = 1 << 20

logger = logging.getLogger("septum.inference")


def for_any_size(engine: Engine, calls: int = 1) -> Engine:
    """Return an engine that starts on an image of any size at once.

    Args:
        engine: runs the network; PyTorch takes any size by itself.
        calls: at a time, beyond which small images wait and may go through the engine together.
    """
    if not isinstance(engine, OpenVinoEngine):
        return GatheringEngine(engine, lambda shape: None, calls)
    any_size = AnySizeEngine(engine)
    return GatheringEngine(any_size, any_size.find_together, calls)


class AnySizeEngine:
    """Runs a model for all sizes where there is none for an image's size; frequent sizes get theirs meanwhile.

    In float32 the answers of both are the same, and the model for all takes about a tenth longer per pixel. In int8
    they differ by a rounding: there the model for all sizes answers everything, so that an image has one answer.

    Args:
        engine: whose model is run.

    Attributes:
        exact: as that of `engine`.
    """

    def __init__(self, engine: OpenVinoEngine) -> None:
        self.exact = engine.exact
        self._engine = engine
        self._all_sizes = engine.compile_all_sizes()
        self._last: deque[tuple[int, ...]] = deque(maxlen=REMEMBERED_IMAGES)
        self._compiling: set[tuple[int, ...]] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="septum-compile")
        self._lock = Lock()

    def __call__(self, image: Array) -> Array:
        """Run the network."""
        compiled = self._model_of(image.shape) if self.exact else None
        if compiled is not None:
            return compiled(image)
        probability = self._all_sizes(image)
        if image[0, 0].size > LARGE_PIXELS:
            self._all_sizes.release_memory()
        return probability

    def find_together(self, shape: tuple[int, ...]) -> CompiledModel | None:
        """Return the model that runs TOGETHER images of a shape, (C, H, W), once there is one; None: one by one."""
        if not self.exact:
            return None
        together = self._engine.find((TOGETHER, *shape))
        with self._lock:
            usual = self._last.count((1, *shape)) >= GATHERED_SHARE * REMEMBERED_IMAGES
            if together is not None:
                self._last.extend([(1, *shape)] * TOGETHER)
        if usual and together is None:
            self._compile_beside((TOGETHER, *shape))
        return together

    def _model_of(self, shape: tuple[int, ...]) -> CompiledModel | None:
        """Return the model of a frequent shape, once there is one."""
        frequent, compiled = self._is_frequent(shape), self._engine.find(shape)
        if frequent and compiled is None:
            self._compile_beside(shape)
        return compiled

    def _is_frequent(self, shape: tuple[int, ...]) -> bool:
        """Remember an image's shape; return whether it is one of many."""
        with self._lock:
            self._last.append(shape)
            seen = self._last.count(shape)
            return seen > 1 and seen >= FREQUENT_SHARE * len(self._last)

    def _compile_beside(self, shape: tuple[int, ...]) -> None:
        with self._lock:
            if self._compiling:
                return
            self._compiling.add(shape)
        self._pool.submit(self._compile, shape)

    def _compile(self, shape: tuple[int, ...]) -> None:
        try:
            self._engine.compile(shape)
        except Exception:  # the model for all sizes goes on answering
            logger.exception("the model could not be compiled for %s", shape)
        finally:
            with self._lock:
                self._compiling.clear()
