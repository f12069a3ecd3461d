import asyncio
import os
import sys
import threading
import time
from contextvars import ContextVar

import pytest

from service.refusal import RefusalError
from service.work_queue import WorkQueue

SMALL, LARGE = 5, 10


def queue_of(workers: int = 1, places: int = 7) -> WorkQueue:
    return WorkQueue(workers, places, 10, SMALL, LARGE)


def hold(queue: WorkQueue, weight: int, count: int):
    """Submit work that waits; return it, and the event that it waits for."""
    free = threading.Event()
    return [queue.submit(lambda: weight, lambda _: free.wait(10)) for _ in range(count)], free


def wait_until(condition) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize(("small", "large"), [(LARGE, LARGE + 1), (SMALL, SMALL + 1), (0, LARGE + 1)])
def test_work_does_not_wait_for_larger_work(small, large):
    queue = queue_of()
    held, free = hold(queue, large, 3)
    assert queue.submit(lambda: small, lambda _: "small").result(5) == "small"
    wait_until(lambda: (queue.running, queue.waiting) == (1, 2))
    free.set()
    assert [work.result(5) for work in held] == [True] * 3


def test_small_work_is_read_and_written_several_at_a_time():
    queue, together = queue_of(), threading.Barrier(5)
    works = [queue.submit(lambda: SMALL, lambda _: together.wait(5)) for _ in range(5)]
    assert sorted(work.result(5) for work in works) == list(range(5))
    assert (queue.running, queue.waiting) == (0, 0)


def test_large_work_takes_no_more_than_half_of_the_places():
    queue = queue_of(places=3)
    large, free = hold(queue, LARGE + 1, 2)
    with pytest.raises(RefusalError, match="too many images"):
        queue.submit(lambda: LARGE + 1, lambda _: "large").result(5)
    free.set()
    assert [work.result(5) for work in large] == [True] * 2
    assert queue.submit(lambda: LARGE + 1, lambda _: "large").result(5) == "large"


def test_every_place_is_given_back_whatever_becomes_of_the_work():
    queue = queue_of(places=3)

    def fail(_=None) -> int:
        raise KeyError("x")

    for weigh, run in ((fail, fail), (lambda: 0, fail), (lambda: LARGE + 1, fail)):
        for _ in range(9):
            with pytest.raises(KeyError):
                queue.submit(weigh, run).result(5)
    assert (queue.running, queue.waiting) == (0, 0)


def test_abandoned_work_stops_where_it_checks_and_waiting_work_is_not_started():
    queue, ran = queue_of(), []

    def run(work) -> None:
        while True:
            work.check()
            time.sleep(0.01)

    first = queue.submit(lambda: LARGE + 1, run)
    second = queue.submit(lambda: LARGE + 1, lambda _: ran.append(1))
    small, free = hold(queue, LARGE, 1)
    third = queue.submit(lambda: LARGE, lambda _: ran.append(2))
    for work in (third, second, first):
        work.abandon()
    free.set()
    assert small[0].result(5)
    assert third.cancelled()
    for work in (first, second):
        assert work.cancelled() or work.exception(5).status == 499
    assert ran == []


def test_whoever_waits_too_long_is_told_so_and_the_work_abandoned():
    queue = WorkQueue(1, 7, 0.1, SMALL, LARGE)
    (work,), free = hold(queue, 0, 1)

    async def wait() -> None:
        with pytest.raises(RefusalError, match=r"longer than 0\.1 s: send it to /jobs"):
            await queue.result(work, asyncio.sleep(10))

    asyncio.run(wait())
    with pytest.raises(RefusalError):
        work.check()
    free.set()


@pytest.mark.parametrize("weight", [0, LARGE, LARGE + 1])
def test_work_sees_the_context_of_its_request(weight):
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("here")
    assert queue_of().submit(lambda: weight, lambda _: variable.get()).result(5) == "here"


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness of their own")
def test_the_threads_of_large_work_are_nice_to_the_others():
    def niceness(_) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    queue = queue_of()
    small, large = (queue.submit(lambda weight=weight: weight, niceness).result(5) for weight in (0, LARGE + 1))
    assert large == min(small + 5, 19)
