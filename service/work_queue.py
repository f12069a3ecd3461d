"""A bounded queue in front of a few worker threads, with lanes of their own for small and for large images."""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Event, Lock
from typing import Any, TypeVar

from seg.inference.gathering import TOGETHER
from service.refusal import RefusalError

Result = TypeVar("Result")

#: Niceness of the large lane, whose threads get a quarter of a core that the other lanes need as well.
_LARGE_NICENESS = 5

#: Threads of the small lane per worker: while the engine runs one image, those of its next call can wait. With more,
#: health checks of a service under load waited longer.
_SMALL_THREADS = TOGETHER + 1


class Work(Future[Result]):
    """A piece of work that can be abandoned while it runs.

    Attributes:
        started: whether a thread works on it, or did.
    """

    def __init__(self) -> None:
        super().__init__()
        self.started = False
        self._abandoned = Event()

    def abandon(self) -> None:
        """Have the work not started, or stopped where it next calls `check`."""
        self._abandoned.set()
        self.cancel()

    def check(self) -> None:
        """Stop work that nobody waits for.

        Raises:
            RefusalError: 499, for the log alone.
        """
        if self._abandoned.is_set():
            raise _gone()


class WorkQueue:
    """Runs work in threads and refuses what would have to wait too long.

    Small and large work have threads of their own, so that work never waits for larger one. Large work may take half of
    the places.

    Args:
        workers: pieces of work at a time, and as many of large work. Of small work it is several times as many, whose
            calls of the engine wait for each other (`seg.inference.gathering`).
        queue: pieces that may wait.
        timeout_s: to wait for a piece, its time in the queue included. Work that takes longer is abandoned, and keeps
            its place until it has stopped.
        small: work of no more than this is small, in the unit of `submit`.
        large: work of more than this is large.
    """

    def __init__(self, workers: int, queue: int, timeout_s: float, small: int, large: int) -> None:
        self._small = ThreadPoolExecutor(_SMALL_THREADS * workers, thread_name_prefix="septum-small")
        self._middle = ThreadPoolExecutor(workers, thread_name_prefix="septum-worker")
        self._large = ThreadPoolExecutor(workers, thread_name_prefix="septum-large", initializer=_be_nice)
        self._workers, self.max_waiting = workers, queue
        self._taken = self._taken_large = self._started = 0
        self._lock = Lock()
        self._timeout_s, self._most_small, self._most_middle = timeout_s, min(small, large), large

    @property
    def running(self) -> int:
        """Pieces being worked on."""
        return self._started

    @property
    def waiting(self) -> int:
        """Pieces that wait for a worker."""
        return self._taken - self._started

    def check_free(self) -> None:
        """Refuse before the upload what would be refused after it.

        Raises:
            RefusalError: 503, the queue is full.
        """
        if self._taken >= self._workers + self.max_waiting:
            raise _busy()

    def submit(self, weigh: Callable[[], int], run: Callable[[Work[Result]], Result]) -> Work[Result]:
        """Queue a piece of work.

        Args:
            weigh: tells, in a worker thread, how much there is to do.
            run: does it; calls `Work.check` now and then.

        Raises:
            RefusalError: 503, the queue is full.
        """
        with self._lock:
            self.check_free()
            self._taken += 1
        work: Work[Result] = Work()
        work.add_done_callback(lambda _: self._free_place(work))
        self._small.submit(copy_context().run, self._start, work, weigh, run)
        return work

    async def result(self, work: Work[Result], disconnected: Awaitable[None]) -> Result:
        """Wait for a piece of work; it is abandoned once its client has disconnected.

        Args:
            work: as `submit` returned it.
            disconnected: done when the client has gone.

        Raises:
            RefusalError: 504, it takes too long; 499 (for the log alone), the client has disconnected.
        """
        done, gone = asyncio.wrap_future(work), asyncio.ensure_future(disconnected)
        try:
            await asyncio.wait((done, gone), timeout=self._timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if done.done():
                return done.result()
            work.abandon()
            done.cancel()
            if gone.done():
                raise _gone()
            limit = f"the image takes longer than {self._timeout_s:g} s: send it to /jobs, or a smaller one"
            raise RefusalError(504, "timeout", limit)
        finally:
            gone.cancel()

    def _start(self, work: Work[Any], weigh: Callable[[], int], run: Callable[[Work[Any]], Any]) -> None:
        if work.cancelled():
            return
        try:
            weight = weigh()
            if weight > self._most_middle:
                self._take_large_place(work)
        except BaseException as error:
            if work.set_running_or_notify_cancel():
                work.set_exception(error)
            return
        if weight <= self._most_small:
            self._finish(work, run)
        else:
            lane = self._large if weight > self._most_middle else self._middle
            lane.submit(copy_context().run, self._finish, work, run)

    def _finish(self, work: Work[Any], run: Callable[[Work[Any]], Any]) -> None:
        if not work.set_running_or_notify_cancel():
            return
        with self._lock:
            work.started = True
            self._started += 1
        try:
            work.check()
            result = run(work)
        except BaseException as error:
            work.set_exception(error)
        else:
            work.set_result(result)

    def _take_large_place(self, work: Work[Any]) -> None:
        with self._lock:
            if self._taken_large >= max(1, (self._workers + self.max_waiting) // 2):
                raise _busy()
            self._taken_large += 1
        work.add_done_callback(self._free_large_place)

    def _free_place(self, work: Work[Any]) -> None:
        with self._lock:
            self._taken -= 1
            self._started -= work.started

    def _free_large_place(self, _work: Future[Any]) -> None:
        with self._lock:
            self._taken_large -= 1


def _be_nice() -> None:
    if sys.platform == "linux":  # where threads have a niceness each
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LARGE_NICENESS)


def _busy() -> RefusalError:
    return RefusalError(503, "busy", "too many images are waiting: try again", {"Retry-After": "1"})


def _gone() -> RefusalError:
    return RefusalError(499, "client_gone", "the client has gone")
