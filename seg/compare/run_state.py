"""What is known of a run while it is trained, and after."""

from dataclasses import dataclass

from seg.compare.plan import RunTask
from seg.record import RunRecord


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code, the last line that it printed, and the seconds that it took this time."""

    run: RunTask
    exit_code: int
    last_log_line: str
    seconds: float

    @classmethod
    def of(cls, run: RunTask, exit_code: int, seconds: float) -> "Outcome":
        """Read the last line of the run's log."""
        log = run.folder / "log.txt"
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
        return cls(run, exit_code, next((line.strip() for line in reversed(lines) if line.strip()), ""), seconds)


def prepare(run: RunTask) -> None:
    """Make the run's folder, with what tells it from any other in identity.txt."""
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "identity.txt").write_text(run.identity, encoding="utf-8")


def is_finished(run: RunTask) -> bool:
    """Return whether the run's folder holds it, trained to its end."""
    try:
        return RunRecord.load(run.folder).status in ("finished", "untested")
    except (FileNotFoundError, ValueError):
        return False
