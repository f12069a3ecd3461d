"""Memory is given back after many answers, or after large ones."""

from service import heap
from service.heap import ANSWERS, PIXELS, Trimmer


def test_the_heap_is_trimmed_after_many_small_answers_and_after_a_large_one():
    trimmed = []
    trimmer = Trimmer(lambda: trimmed.append(1))
    for _ in range(ANSWERS - 1):
        trimmer.count(0)
    assert not trimmed
    trimmer.count(0)
    assert len(trimmed) == 1
    trimmer.count(PIXELS - 1)
    assert len(trimmed) == 1
    trimmer.count(1)
    assert len(trimmed) == 2


def test_a_c_library_without_it_is_left_alone(monkeypatch):
    asked = []

    class Without:
        pass

    class With:
        def malloc_trim(self, pad):
            asked.append(pad)

    for library in (Without, With):
        monkeypatch.setattr(heap.ctypes, "CDLL", lambda _name, library=library: library())
        trimmer = Trimmer()
        trimmer.count(PIXELS)
    assert asked == [0]
