"""Time and memory of this process."""

import time
from collections.abc import Callable
from pathlib import Path


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's time for a piece of work: other programs disturb it little."""
    start = time.process_time()
    work()
    return time.process_time() - start


def reset_peak() -> int:
    """Forget the largest memory so far and return what is in use, in bytes."""
    _check_linux()
    Path("/proc/self/clear_refs").write_text("5")
    return in_use()


def in_use() -> int:
    """Return the memory in use, in bytes."""
    return _status("VmRSS")


def peak() -> int:
    """Return the largest memory since `reset_peak`, in bytes."""
    return _status("VmHWM")


def _status(field: str) -> int:
    _check_linux()
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def _check_linux() -> None:
    if not Path("/proc/self/status").exists():
        raise SystemExit("the benchmark reads memory from /proc: run it on Linux")
