import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from seg.inference.gathering import SMALL_PIXELS, TOGETHER, GatheringEngine


class GatedEngine:
    """Returns images plus one, as soon as its gate is open, and remembers how many there were in each call."""

    exact = True

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.calls: list[tuple[int, ...]] = []
        self.fault: Exception | None = None

    def __call__(self, images):
        self.calls.append(images.shape)
        assert self.gate.wait(10)
        if self.fault is not None:
            raise self.fault
        return images + 1


def image(number: float, *size: int) -> np.ndarray:
    return np.full((1, 1, *size), number, np.float32)


class World:
    """A gathering engine, and threads that wait for it one after the other."""

    def __init__(self, together: bool = True, calls: int = 1) -> None:
        self.alone, self.together = GatedEngine(), GatedEngine()
        self.engine = GatheringEngine(self.alone, lambda shape: self.together if together else None, calls)
        self.pool = ThreadPoolExecutor(16)

    def ask(self, *images: np.ndarray) -> list[Future[np.ndarray]]:
        """Let a thread ask for each image, in order; all are in the engine or wait for it then."""
        asked = []
        for one in images:
            known = len(self.engine._waiting) + len(self.alone.calls)
            asked.append(self.pool.submit(self.engine, one))
            while len(self.engine._waiting) + len(self.alone.calls) == known:
                time.sleep(0.001)
        return asked

    def open(self) -> None:
        self.together.gate.set()
        self.alone.gate.set()


def numbers(asked: list[Future[np.ndarray]]) -> list[float]:
    return [float(one.result(10).mean()) for one in asked]


def test_images_that_wait_go_through_together_and_each_gets_its_own_answer():
    world = World()
    asked = world.ask(*(image(number, 32, 32) for number in range(1 + 2 * TOGETHER)))
    assert world.alone.calls == [(1, 1, 32, 32)]  # the first one has not waited for others
    world.open()
    assert numbers(asked) == [number + 1 for number in range(1 + 2 * TOGETHER)]
    assert world.together.calls == [(TOGETHER, 1, 32, 32)] * 2
    assert all(one.result().shape == (1, 1, 32, 32) for one in asked)


def test_fewer_images_or_other_shapes_go_through_one_by_one_in_their_order():
    world = World()
    few = [image(number, 32, 32) for number in range(TOGETHER)]
    asked = world.ask(*few[:2], image(7, 32, 64), image(8, 64, 32), *few[2:])
    world.open()
    assert numbers(asked) == [1, 2, 8, 9, 3, 4]
    assert world.together.calls == []
    assert [shape[2:] for shape in world.alone.calls] == [(32, 32), (32, 32), (32, 64), (64, 32), (32, 32), (32, 32)]


def test_images_go_through_one_by_one_where_nothing_runs_them_together():
    world = World(together=False)
    asked = world.ask(*(image(number, 32, 32) for number in range(9)))
    world.open()
    assert numbers(asked) == list(range(1, 10))
    assert world.alone.calls == [(1, 1, 32, 32)] * 9


def test_others_of_a_shape_overtake_the_images_between_only_with_the_next_one():
    world = World()
    same = [image(number, 32, 32) for number in range(TOGETHER)]
    asked = world.ask(image(9, 32, 64), *same[:-1], image(8, 64, 64), same[-1])
    world.open()
    assert numbers(asked) == [10, 1, 2, 3, 9, 4]
    assert world.together.calls == [(TOGETHER, 1, 32, 32)]


def test_a_larger_image_does_not_wait():
    world = World()
    world.ask(image(0, 32, 32), image(1, 32, 32))
    side = int(SMALL_PIXELS**0.5) + 32
    assert len(world.alone.calls) == 1
    world.ask(image(2, side, side))
    assert world.alone.calls[1] == (1, 1, side, side)
    world.open()


def test_as_many_calls_as_told_run_at_a_time():
    world = World(calls=2)
    asked = world.ask(*(image(number, 32, 32) for number in range(3)))
    assert len(world.alone.calls) == 2
    world.open()
    assert numbers(asked) == [1, 2, 3]


def test_a_fault_reaches_everyone_it_concerns_and_nobody_else():
    world = World()
    world.together.fault = RuntimeError("no memory")
    asked = world.ask(*(image(number, 32, 32) for number in range(1 + TOGETHER)))
    world.open()
    assert numbers(asked[:1]) == [1]
    for one in asked[1:]:
        with pytest.raises(RuntimeError, match="no memory"):
            one.result(10)
    assert numbers(world.ask(image(5, 32, 32))) == [6]


def test_every_answer_belongs_to_its_image_when_many_threads_ask():
    world = World()
    world.open()
    images = [image(number, 32, 32 * (1 + number % 2)) for number in range(400)]
    answers = list(world.pool.map(world.engine, images))
    assert all(np.array_equal(answer, one + 1) for answer, one in zip(answers, images, strict=True))
    assert world.engine._waiting == {}
