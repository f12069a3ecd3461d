"""A bounded queue in front of a few worker threads."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any, TypeVar

from service.refusal import RefusalError

Result = TypeVar("Result")


class WorkQueue:
    """Runs work in threads and refuses what would have to wait too long.

    Args:
        workers: pieces of work at a time.
        queue: pieces that may wait.
        timeout_s: to wait for a piece, its time in the queue included. Work that takes longer continues until it ends,
            and takes its place until then.
    """

    def __init__(self, workers: int, queue: int, timeout_s: float) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="septum-worker")
        self._workers, self.max_waiting = workers, queue
        self._taken = 0
        self._lock = Lock()
        self._timeout_s = timeout_s

    @property
    def running(self) -> int:
        """Pieces being worked on."""
        return min(self._taken, self._workers)

    @property
    def waiting(self) -> int:
        """Pieces that wait for a worker."""
        return max(0, self._taken - self._workers)

    def check_free(self) -> None:
        """Refuse before the upload what would be refused after it.

        Raises:
            RefusalError: 503, the queue is full.
        """
        if self._taken >= self._workers + self.max_waiting:
            raise RefusalError(503, "busy", "too many images are waiting: try again", {"Retry-After": "1"})

    def submit(self, work: Callable[[], Result]) -> "Future[Result]":
        """Queue a piece of work.

        Raises:
            RefusalError: 503, the queue is full.
        """
        with self._lock:
            self.check_free()
            self._taken += 1
        future = self._pool.submit(copy_context().run, work)
        future.add_done_callback(self._free_place)
        return future

    async def result(self, future: "Future[Result]", disconnected: Awaitable[None]) -> Result:
        """Wait for a piece of work; one whose client has disconnected is not started.

        Args:
            future: as `submit` returned it.
            disconnected: done when the client has gone.

        Raises:
            RefusalError: 504, it takes too long; 499 (for the log alone), the client has disconnected.
        """
        work, gone = asyncio.wrap_future(future), asyncio.ensure_future(disconnected)
        try:
            await asyncio.wait((work, gone), timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            work.cancel()  # also the work itself, unless it has started
            if gone.done():
                raise RefusalError(499, "client_gone", "the client has gone")
            limit = f"the image takes longer than {self._timeout_s:g} s: send it to /jobs, or a smaller one"
            raise RefusalError(504, "timeout", limit)
        finally:
            gone.cancel()

    def _free_place(self, _future: "Future[Any]") -> None:
        with self._lock:
            self._taken -= 1
