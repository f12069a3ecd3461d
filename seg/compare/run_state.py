"""State of a run: prepared, ended, finished."""

from dataclasses import dataclass

from seg.compare.run_task import RunTask
from seg.record import RunRecord


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        run: that ended.
        exit_code: of its process, 0 if it succeeded.
        last_log_line: the last line that it printed.
        seconds: that it took since it was last started.
    """

    run: RunTask
    exit_code: int
    last_log_line: str
    seconds: float

    @classmethod
    def of(cls, run: RunTask, exit_code: int, seconds: float) -> "Outcome":
        """Read the last line of the run's log.

        Args:
            run: that ended.
            exit_code: of its process.
            seconds: that it took since it was last started.
        """
        log = run.folder / "log.txt"
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.exists() else []
        return cls(run, exit_code, next((line.strip() for line in reversed(lines) if line.strip()), ""), seconds)


def prepare(run: RunTask) -> None:
    """Create the run's folder with its identity in identity.txt."""
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "identity.txt").write_text(run.identity, encoding="utf-8")


def is_finished(run: RunTask) -> bool:
    """Return whether the run was trained to its end."""
    try:
        return RunRecord.load(run.folder).status in ("finished", "untested")
    except (FileNotFoundError, ValueError):
        return False
