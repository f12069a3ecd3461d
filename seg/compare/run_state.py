"""State of a run: prepared, ended, finished."""

from dataclasses import dataclass

from seg.compare.run_task import RunTask
from seg.data.writing import write_file
from seg.record import RunRecord

LOG = "log.txt"


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run: that ended.
        exit_code: of its process, 0 if it succeeded.
        error: why it failed, or the last line that it printed.
        seconds: that it took since it was last started.
    """

    run: RunTask
    exit_code: int
    error: str
    seconds: float

    @classmethod
    def of(cls, run: RunTask, exit_code: int, seconds: float, error: str) -> "Outcome":
        """Complete an outcome from the run's log.

        Args:
            run: that ended.
            exit_code: of its process.
            seconds: that it took since it was last started.
            error: that its process reported; if empty, the last line of the log.
        """
        log = run.folder / LOG
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return cls(run, exit_code, error or last, seconds)


def prepare(run: RunTask) -> None:
    """Create the run's folder with its identity in identity.txt."""
    write_file(run.folder / "identity.txt", run.identity.encode())


def is_finished(run: RunTask) -> bool:
    """Return whether the run was trained to its end."""
    try:
        return RunRecord.load(run.folder).status in ("finished", "untested")
    except (FileNotFoundError, ValueError):
        return False
