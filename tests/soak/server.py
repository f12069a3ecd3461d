"""A service in processes of its own, as a user starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import httpx
import psutil

_START_S = 300.0


class Server:
    """`seg serve`, or another command that takes a port, until the end of a `with` block.

    Args:
        log: file for what it writes.
        command: that starts it, the port still to be added.
        environment: beside the present one.
    """

    def __init__(self, log: Path, command: list[str] | None = None, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = command or [sys.executable, "-m", "seg", "serve", "--port"]
        self._log, self._environment = log, os.environ | environment
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> "Server":
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self._command, str(self.port)], env=self._environment, stdout=log, stderr=log
            )
        self.wait_until_ready(_START_S)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def stop(self) -> int:
        """End it as an orchestrator does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def wait_until_ready(self, timeout_s: float) -> float:
        """Return the seconds that it took."""
        started = time.monotonic()
        while time.monotonic() - started < timeout_s:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return time.monotonic() - started
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"not ready after {timeout_s:g} s:\n{self._log.read_text()[-3000:]}")

    def worker(self) -> psutil.Process:
        """Return the process that answers."""
        children = psutil.Process(self.process.pid).children()
        found = [child for child in children if "_bentoml_impl.worker" in " ".join(child.cmdline())]
        return found[0] if found else psutil.Process(self.process.pid)

    def client(self, **options: int) -> httpx.Client:
        """Return a client of it."""
        return httpx.Client(base_url=self.url, timeout=120, **options)  # type: ignore[arg-type]
