"""Small images of one shape that wait for the engine anyway go through it in one call; none waits for company."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition

import numpy as np

from seg.inference.engine import Array, Engine

#: From images (N, C, H, W) to probabilities (N, K, H, W).
Run = Callable[[Array], Array]

#: Images in one call, and the most pixels of each. In one call an image of 64 x 64 takes 0.6 of its time alone, of
#: 128 x 128 0.86, of 256 x 256 1.03 (OpenVINO, one core of AVX2).
TOGETHER, SMALL_PIXELS = 4, 128 * 128


class GatheringEngine:
    """Runs small images, some of them together; larger ones go through at once.

    Args:
        engine: runs the network.
        find_together: returns what runs so many images of a shape, (C, H, W), in one call; None: one by one.
        calls: of small images at a time; further ones wait, in the order in which they came.

    Attributes:
        exact: as that of `engine`.
    """

    def __init__(self, engine: Engine, find_together: Callable[[tuple[int, ...]], Run | None], calls: int) -> None:
        self.exact = engine.exact
        self._engine, self._find_together = engine, find_together
        self._free = calls
        self._waiting: dict[Future[Array], Array] = {}
        self._changed = Condition()

    def __call__(self, image: Array) -> Array:
        """Run the network."""
        if image[0, 0].size > SMALL_PIXELS:
            return self._engine(image)
        own: Future[Array] = Future()
        with self._changed:
            self._waiting[own] = image
            self._changed.wait_for(lambda: own.done() or self._is_next(own))
            if own.done():
                return own.result()
            run, group = self._take()
        _run_group(run, group)
        with self._changed:
            self._free += 1
            self._changed.notify_all()
        return own.result()

    def _is_next(self, own: Future[Array]) -> bool:
        return self._free > 0 and next(iter(self._waiting), None) is own

    def _take(self) -> tuple[Run, dict[Future[Array], Array]]:
        """Take the next image, with others of its shape where enough wait and something runs them together."""
        shape = next(iter(self._waiting.values())).shape
        alike = [one for one, image in self._waiting.items() if image.shape == shape][:TOGETHER]
        together = self._find_together(shape[1:]) if len(alike) == TOGETHER else None
        taken = alike if together is not None else alike[:1]
        self._free -= 1
        group = {one: self._waiting.pop(one) for one in taken}
        self._changed.notify_all()  # another call may be free for the next one
        return together or self._engine, group


def _run_group(run: Run, group: dict[Future[Array], Array]) -> None:
    """Run the network on a group of images, each (1, C, H, W)."""
    try:
        answers = run(np.concatenate(list(group.values())))
    except BaseException as error:
        for one in group:
            one.set_exception(error)
    else:
        for one, answer in zip(group, answers, strict=True):
            one.set_result(answer[np.newaxis])
