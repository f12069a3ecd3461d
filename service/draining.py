"""The end of a worker: what was taken is finished and fetched before the server closes its connections."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from service.refusal import RefusalError

#: After SIGTERM images are still taken for so long: they may have been sent before it, or before a balancer knew of it.
_STILL_TAKEN_S = 1.0
_POLL_S = 0.05

logger = logging.getLogger("septum.service")


class Draining:
    """Delays SIGTERM until nothing is left to do.

    Args:
        is_idle: whether everything that was taken is finished, and the answers of jobs are fetched.
        timeout_s: after which it ends all the same.
    """

    def __init__(self, is_idle: Callable[[], bool], timeout_s: float) -> None:
        self._is_idle, self._timeout_s = is_idle, timeout_s
        self._started: float | None = None

    @property
    def started(self) -> bool:
        """Whether the end has been asked for."""
        return self._started is not None

    def check_taken(self) -> None:
        """Refuse an image that comes too late.

        Raises:
            RefusalError: 503, the worker ends; another one answers.
        """
        if self._started is not None and time.monotonic() > self._started + _STILL_TAKEN_S:
            raise refuse_draining()

    def delay_termination(self) -> None:
        """Come before the present handler of SIGTERM; a second SIGTERM ends at once. Only for the main thread."""
        end: Any = signal.getsignal(signal.SIGTERM)

        def handle(number: int, frame: Any) -> None:
            if self._started is not None or not callable(end):
                end(number, frame)
                return
            self._started = time.monotonic()
            threading.Thread(target=self._wait, args=(lambda: end(number, None),), name="septum-drain").start()

        if callable(end):
            signal.signal(signal.SIGTERM, handle)

    def _wait(self, end: Callable[[], None]) -> None:
        assert self._started is not None
        logger.info("SIGTERM: what was taken is finished")
        time.sleep(_STILL_TAKEN_S)
        while not self._is_idle() and time.monotonic() < self._started + self._timeout_s:
            time.sleep(_POLL_S)
        logger.info("nothing is left to do" if self._is_idle() else "some answers of jobs were not fetched in time")
        end()


def refuse_draining() -> RefusalError:
    """Return the refusal of a worker that ends."""
    return RefusalError(503, "draining", "the service ends: try again", {"Retry-After": "1", "Connection": "close"})
