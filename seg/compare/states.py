"""What is known of a run while it is trained, and after."""

from dataclasses import dataclass
from typing import NamedTuple

from seg.compare.plan import PlannedRun
from seg.record import RunRecord


class EpochReport(NamedTuple):
    """How far a training is.

    Attributes:
        epoch: that are done.
        epochs: of the whole training.
        metric: that ranks, on validation; NaN before the first epoch.
        collapse: the verdict on the network, "none" where all is well.
    """

    epoch: int
    epochs: int
    metric: float
    collapse: str


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code, the last line that it printed, and the seconds that it took this time."""

    run: PlannedRun
    exit_code: int
    last_words: str
    seconds: float

    @classmethod
    def of(cls, run: PlannedRun, exit_code: int, seconds: float) -> "Outcome":
        """Read the last line of the run's log."""
        log = run.folder / "log.txt"
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
        return cls(run, exit_code, next((line.strip() for line in reversed(lines) if line.strip()), ""), seconds)


def prepare(run: PlannedRun) -> None:
    """Make the run's folder, with what tells it from any other in identity.txt."""
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "identity.txt").write_text(run.identity, encoding="utf-8")


def is_finished(run: PlannedRun) -> bool:
    """Return whether the run's folder holds it, trained to its end."""
    try:
        return RunRecord.load(run.folder).status in ("finished", "untested")
    except (FileNotFoundError, ValueError):
        return False
