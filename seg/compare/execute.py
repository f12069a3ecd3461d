"""Train the runs of a plan, several at a time, each in a process of its own."""

import multiprocessing
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, cast

from seg.compare.plan import PlannedRun
from seg.record import RunRecord

WRONG_USAGE = 2
IDENTITY = "identity.txt"

#: Told of every finished epoch: the run, the share of its training that is done, the metric that ranks on validation,
#: and whether the network has collapsed.
Progress = Callable[[PlannedRun, float, float, str], None]


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code, and the last line that it printed."""

    run: PlannedRun
    exit_code: int
    last_words: str


def is_finished(run: PlannedRun) -> bool:
    """Return whether the run's folder holds it, finished.

    Raises:
        ValueError: the folder holds another run, which is not to be lost.
    """
    identity = run.folder / IDENTITY
    if identity.exists() and identity.read_text(encoding="utf-8") != run.identity():
        raise ValueError(f"{run.folder} holds a run of other options or files: give another --out, or remove it")
    try:
        return RunRecord.load(run.folder).status == "finished"
    except (FileNotFoundError, ValueError):
        return False


def execute(runs: list[PlannedRun], processes: int, progress: Progress) -> Iterator[Outcome]:
    """Train every run that is not finished yet; one that fails does not stop the others.

    Args:
        runs: what to train. What an unfinished run left behind is removed first.
        processes: at a time, each on one core.
        progress: told of every epoch.

    Yields:
        The outcome of each run, in the order in which they end.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["seg.compare.training"])
    waiting = [run for run in runs if not is_finished(run)][::-1]
    active: dict[Connection, tuple[PlannedRun, ForkServerProcess]] = {}
    try:
        while waiting or active:
            while waiting and len(active) < processes:
                run = waiting.pop()
                messages, process = _start(context, run)
                active[messages] = (run, process)
            for ready in wait(list(active)):
                messages = cast(Connection, ready)
                run, process = active[messages]
                try:
                    progress(run, *messages.recv())
                except EOFError:
                    process.join()
                    del active[messages]
                    yield Outcome(run, process.exitcode or 0, _last_words(run))
    finally:
        for _, process in active.values():
            process.terminate()


def _start(context: ForkServerContext, run: PlannedRun) -> tuple[Connection, ForkServerProcess]:
    if run.folder.exists():
        shutil.rmtree(run.folder)
    run.folder.mkdir(parents=True)
    (run.folder / IDENTITY).write_text(run.identity(), encoding="utf-8")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_train, args=(run, sender), daemon=True)
    process.start()
    sender.close()
    return receiver, process


def _train(run: PlannedRun, messages: Any) -> None:
    """Train one run in this process; what it prints goes to log.txt in the run's folder."""
    with (run.folder / "log.txt").open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    import torch  # noqa: PLC0415  # preloaded; the import is here for the parent, which needs none of it

    from seg.compare.progress import EpochReporter  # noqa: PLC0415
    from seg.compare.training import TrainingCLI  # noqa: PLC0415

    torch.set_num_threads(1)
    try:
        TrainingCLI(list(run.args), trainer_defaults={"callbacks": [EpochReporter(messages.send)]})
    except Exception as error:  # the boundary of the process: all is in the log, the exit code tells the parent
        traceback.print_exc()
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)


def _last_words(run: PlannedRun) -> str:
    lines = (run.folder / "log.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
