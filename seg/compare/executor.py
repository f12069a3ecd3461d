"""Where the runs of a comparison are trained: on this machine or on a cluster."""

from collections.abc import Iterator
from dataclasses import dataclass

from seg.compare import local
from seg.compare.dask import execute_on_cluster
from seg.compare.local import Progress
from seg.compare.progress_table import ProgressTable
from seg.compare.run_state import Outcome, is_finished
from seg.compare.run_task import RunTask

WRONG_USAGE = 2


@dataclass(frozen=True)
class Executor:
    """Trains runs on this machine or on a cluster.

    Attributes:
        processes: runs at the same time on this machine.
        gpus: number of GPUs of this machine.
        scheduler: address of a Dask cluster to use instead, or None.
    """

    processes: int
    gpus: int
    scheduler: str | None

    def execute(self, runs: list[RunTask], progress: Progress) -> Iterator[Outcome]:
        """Train runs; see seg.compare.local.execute.

        Args:
            runs: to train.
            progress: called after every epoch.
        """
        if self.scheduler:
            return execute_on_cluster(self.scheduler, runs, progress)
        return local.execute(runs, self.processes, self.gpus, progress)

    def train(self, runs: list[RunTask]) -> list[Outcome]:
        """Train the unfinished runs, show a live table, and return the failures.

        Raises:
            ValueError: an option is invalid.
        """
        missing = [run for run in runs if not is_finished(run)]
        if not missing:
            return []
        failed = []
        with ProgressTable(missing, len(runs) - len(missing)) as table:
            for outcome in self.execute(missing, table.show):
                if outcome.exit_code == WRONG_USAGE:
                    raise ValueError(outcome.error.removeprefix("seg: error: "))
                table.end(outcome)
                failed += [outcome] if outcome.exit_code else []
        return failed
