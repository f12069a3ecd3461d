"""Measures the durations of the parts of a training."""

import statistics
import time


class Stopwatch:
    """Durations by name, in seconds."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._durations: dict[str, list[float]] = {}

    def begin(self, name: str) -> None:
        """Start timing `name`, or start again."""
        self._begun[name] = time.monotonic()

    def end(self, name: str) -> None:
        """Add the time since `begin`."""
        self._durations.setdefault(name, []).append(time.monotonic() - self._begun[name])

    def timing(self) -> dict[str, float]:
        """Return the median of each, on which slow first ones have little influence."""
        return {name: round(statistics.median(values), 5) for name, values in self._durations.items()}
