"""Give memory that is free inside of the process back to the system."""

import ctypes
import sys
from collections.abc import Callable
from threading import Lock

#: After so many answers, or answers of so many pixels together.
ANSWERS, PIXELS = 256, 1 << 24


def _trim() -> None:
    """Do so where the C library can (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _pad: 0)  # musl has none
        trim(0)


class Trimmer:
    """Trims the heap now and then: images of many sizes leave gaps in it, of which more would always be needed.

    Args:
        trim: called from the thread that reports the answer.
    """

    def __init__(self, trim: Callable[[], None] = _trim) -> None:
        self._trim, self._lock = trim, Lock()
        self._answers = self._pixels = 0

    def count(self, pixels: int) -> None:
        """Tell of an answer, or of a refusal after some work.

        Args:
            pixels: of the image; 0 where they are not known.
        """
        with self._lock:
            self._answers, self._pixels = self._answers + 1, self._pixels + pixels
            due = self._answers >= ANSWERS or self._pixels >= PIXELS
            if due:
                self._answers = self._pixels = 0
        if due:
            self._trim()
