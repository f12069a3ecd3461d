"""Train the runs of a plan on this machine, several at a time, each in a process of its own."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, cast

from seg.compare import worker
from seg.compare.run_state import Outcome, prepare
from seg.compare.run_task import RunTask
from seg.training.epoch_report import EpochReport

Progress = Callable[[RunTask, EpochReport], None]


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seg.training.cli"])
    return context


def probe_data(args: tuple[str, ...]) -> tuple[str, int]:
    """Return the fingerprint of the data of a run with these arguments, and the number of GPUs.

    Raises:
        ValueError: the data or an option is invalid.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        messages, process = _start(_context(), worker.probe_data, args, log)
        try:
            found: tuple[str, int] = messages.recv()
        except EOFError:
            process.join()
            lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
            message = "\n".join(lines).rpartition("seg: error: ")[2]
            raise ValueError(message or "the data could not be read") from None
        process.join()
    return found


def suitable_processes(gpus: int) -> int:
    """Return how many runs to train at the same time: one per GPU, or one per core."""
    return gpus or len(os.sched_getaffinity(0))


def execute(runs: list[RunTask], processes: int, gpus: int, progress: Progress) -> Iterator[Outcome]:
    """Train runs in parallel; a failed run does not stop the others, an interrupted one is resumed.

    Args:
        runs: to train.
        processes: runs at the same time, each on one core or GPU.
        gpus: number of GPUs; the processes share them evenly.
        progress: called after every epoch.

    Yields:
        The outcome of each run, in the order of completion.
    """
    context = _context()
    waiting, slots = runs[::-1], list(range(processes))[::-1]
    active: dict[Connection, tuple[RunTask, ForkServerProcess, int, float]] = {}
    try:
        while waiting or active:
            while waiting and slots:
                run, slot = waiting.pop(), slots.pop()
                prepare(run)
                messages, process = _start(context, worker.train, run, device=str(slot % gpus) if gpus else None)
                active[messages] = (run, process, slot, time.monotonic())
            for ready in wait(list(active)):
                messages = cast(Connection, ready)
                run, process, slot, started = active[messages]
                try:
                    progress(run, messages.recv())
                except EOFError:
                    process.join()
                    del active[messages]
                    slots.append(slot)
                    yield Outcome.of(run, process.exitcode or 0, time.monotonic() - started)
    finally:
        for _, process, _, _ in active.values():
            process.kill()  # safe: checkpoints are renamed into place, never half written


def _start(
    context: ForkServerContext, target: Callable[..., None], *args: Any, **options: Any
) -> tuple[Connection, ForkServerProcess]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_with_connection, args=(target, sender, args, options))
    process.start()
    sender.close()
    return receiver, process


def _with_connection(target: Callable[..., None], sender: Any, args: Any, options: Any) -> None:
    multiprocessing.set_start_method("fork", force=True)  # as in `seg fit`: data workers inherit what is imported
    target(*args, send=sender.send, **options)
