"""Train the runs of a plan on this machine, several at a time, each in a process of its own."""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from pathlib import Path
from typing import Any, cast

from seg.compare import probe, worker
from seg.compare.doubts import Doubts
from seg.compare.run_state import Outcome, prepare
from seg.compare.run_task import RunTask
from seg.training.epoch_report import EpochReport

Progress = Callable[[RunTask, EpochReport], None]
_Context = ForkServerContext | SpawnContext
_Process = ForkServerProcess | SpawnProcess


@dataclass
class _Training:
    run: RunTask
    process: _Process
    slot: int
    started: float
    error: str = ""

    def end(self) -> Outcome:
        self.process.join()
        return Outcome.of(self.run, self.process.exitcode or 0, time.monotonic() - self.started, self.error)


def _context() -> _Context:
    if "forkserver" not in multiprocessing.get_all_start_methods():  # on Windows
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seg.training.cli"])
    return context


def resolve(runs: list[tuple[str, ...]], known: Doubts) -> probe.Found:
    """Return the fingerprint of each run (see seg.compare.fingerprint), the number of GPUs, and doubts about the data.

    Args:
        runs: arguments of `seg fit` of each run.
        known: doubts that need not be looked for.

    Raises:
        ValueError: the data or an option is invalid.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        messages, process = _start(_context(), probe.probe, runs, known, log)
        try:
            found: probe.Found = messages.recv()
        except EOFError:
            process.join()
            lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
            message = "\n".join(lines).rpartition("seg: error: ")[2]
            raise ValueError(message or "the data could not be read") from None
        process.join()
    return found


def suitable_processes(gpus: int) -> int:
    """Return how many runs to train at the same time: one per GPU, or one per core."""
    if gpus:
        return gpus
    if sys.platform != "linux":
        return os.cpu_count() or 1
    return len(os.sched_getaffinity(0))  # those that this process may use


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
    active: dict[Connection, _Training] = {}
    try:
        while waiting or active:
            while waiting and slots:
                run, slot = waiting.pop(), slots.pop()
                prepare(run)
                messages, process = _start(context, worker.train, run, device=str(slot % gpus) if gpus else None)
                active[messages] = _Training(run, process, slot, time.monotonic())
            for ready in wait(list(active)):
                messages = cast(Connection, ready)
                try:
                    _receive(messages.recv(), active[messages], progress)
                except EOFError:
                    ended = active.pop(messages)
                    slots.append(ended.slot)
                    yield ended.end()
    finally:
        for training in active.values():
            training.process.kill()  # safe: checkpoints are renamed into place, never half written


def _receive(message: worker.Message, training: _Training, progress: Progress) -> None:
    if isinstance(message, str):
        training.error = message
    else:
        progress(training.run, message)


def _start(context: _Context, target: Callable[..., None], *args: Any, **options: Any) -> tuple[Connection, _Process]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_with_connection, args=(target, sender, args, options))
    process.start()
    sender.close()
    return receiver, process


def _with_connection(target: Callable[..., None], sender: Any, args: Any, options: Any) -> None:
    if sys.platform == "linux":  # as in `seg fit`: data workers inherit what is imported
        multiprocessing.set_start_method("fork", force=True)
    target(*args, send=sender.send, **options)
