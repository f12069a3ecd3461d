"""`python -m tests.soak [CHECK ...]`: all checks, or those named, on the model `septum:latest`."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.soak import accidents, checks

CHECKS: dict[str, Callable[[Path], str]] = {
    "kills": lambda log: accidents.kills(log, count=10),
    "hangups": lambda log: accidents.hangups(log, count=20),
    "termination": lambda log: accidents.termination(log, requests=8),
    "flood": lambda log: checks.flood(log, gigabytes=2, paths=10_000),
    "crowd": lambda log: checks.crowd(log, clients=500, seconds=60),
    "mutations": lambda log: checks.mutations(log, count=10_000),
    "control": lambda log: checks.control(log, count=5_000),
    "memory": lambda log: checks.memory(log, count=80_000),
}


def main(names: list[str]) -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names or CHECKS:
            started = time.monotonic()
            try:
                outcome = CHECKS[name](Path(folder) / f"{name}.log")
            except checks.FailedError as failure:
                outcome, failed = f"FAILED: {failure}", failed + 1
            print(f"{name:12} {outcome} ({time.monotonic() - started:.0f} s)", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
