"""Train the runs of a plan on a Dask cluster; needs the extra `cluster` on both sides and a shared file system."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from seg.compare.local import Progress
from seg.compare.run_state import Outcome, prepare
from seg.compare.run_task import RunTask
from seg.dask_cluster import connect
from seg.training.epoch_report import EpochReport

TOPIC = "septum"


def execute_on_cluster(scheduler: str, runs: list[RunTask], progress: Progress) -> Iterator[Outcome]:
    """Train runs on the workers of a cluster, one at a time on each of a worker's threads.

    A run whose worker died is resumed by another one. Start workers with one thread per core or GPU that a run may use.

    Args:
        scheduler: address of a running scheduler, e.g. tcp://host:8786.
        runs: to train; the workers must reach their folders and files under the same paths.
        progress: called after every epoch.

    Yields:
        The outcome of each run, in the order of completion.

    Raises:
        ImportError: `distributed` is not installed.
        ConnectionError: no scheduler answers there.
    """
    with connect(scheduler) as client:
        from distributed import as_completed  # noqa: PLC0415  # an extra

        by_folder = {str(run.folder): run for run in runs}

        def forward(event: tuple[float, dict[str, Any]]) -> None:
            _, message = event
            if run := by_folder.get(message["folder"]):
                progress(run, EpochReport(*message["report"]))

        client.subscribe_topic(TOPIC, forward)
        for run in runs:
            prepare(run)
        futures = {client.submit(_train, _describe(run), key=str(run.folder), pure=False): run for run in runs}
        for future, ended in as_completed(list(futures), loop=client.loop, with_results=True):
            yield Outcome.of(futures[future], *ended)


def _describe(run: RunTask) -> dict[str, Any]:
    return {"name": run.name, "seed": run.seed, "folder": str(run.folder), "args": run.args, "identity": run.identity}


def _train(fields: dict[str, Any]) -> tuple[int, float, str]:
    """Train one run in a process of its own on a worker; return exit code, seconds and error."""
    from distributed import get_worker  # noqa: PLC0415

    worker, started, error = get_worker(), time.monotonic(), ""
    command = [sys.executable, "-m", "seg.compare.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the process of the run has no pipes")
        json.dump(fields, process.stdin)
        process.stdin.close()
        for line in process.stdout:
            message = json.loads(line)
            if isinstance(message, str):
                error = message
            else:
                worker.log_event(TOPIC, {"folder": fields["folder"], "report": message})
    return process.returncode, time.monotonic() - started, error
