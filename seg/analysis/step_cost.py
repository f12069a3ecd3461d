"""What a training step costs, from the records of runs."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seg.record import RunRecord


@dataclass(frozen=True)
class StepCost:
    """Milliseconds per training step, measured in the same way for all runs.

    Attributes:
        ms: of each finished run that did steps.
        timed: whether these are medians of timed steps; otherwise, where a record holds no such time, the whole
            training by its number of steps.
    """

    ms: dict[Path, float]
    timed: bool

    @classmethod
    def of(cls, runs: dict[Path, RunRecord]) -> "StepCost":
        """Read the records."""
        trained = {path: record for path, record in runs.items() if record.status == "finished" and record.steps}
        timed = all("step" in record.timing for record in trained.values())
        seconds = {path: run.timing["step"] if timed else run.seconds / run.steps for path, run in trained.items()}
        return cls({path: 1000 * value for path, value in seconds.items()}, timed)

    @property
    def meaning(self) -> str:
        """What is measured, for captions."""
        if self.timed:
            return "median of a step with the preparation of its batch, validation left out"
        return "time of the training by its steps, validation of each epoch included"

    def mean(self, paths: Iterable[Path]) -> float | None:
        """Return the mean over runs; None where none of them finished."""
        values = [self.ms[path] for path in paths if path in self.ms]
        return statistics.fmean(values) if values else None
