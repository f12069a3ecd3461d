"""Predictions that take longer than a request may."""

import secrets
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from service.answer import Answer
from service.refusal import RefusalError


@dataclass
class _Job:
    future: "Future[Answer]"
    finished: float | None = field(default=None)

    def finish(self, _future: "Future[Answer]") -> None:
        self.finished = time.monotonic()


class Jobs:
    """Keeps jobs and their answers in memory; both are lost when the service restarts.

    Args:
        limit: jobs at a time, finished ones included.
        keep_s: that a finished job is kept.
    """

    def __init__(self, limit: int, keep_s: float) -> None:
        self._limit, self._keep_s = limit, keep_s
        self._jobs: dict[str, _Job] = {}

    def check_free(self) -> None:
        """Refuse a job before its image is read.

        Raises:
            RefusalError: 503, there are too many.
        """
        self._forget_old()
        if len(self._jobs) >= self._limit:
            raise RefusalError(503, "busy", "too many jobs are kept: try again", {"Retry-After": "5"})

    def keep(self, future: "Future[Answer]") -> str:
        """Keep a job and return its id; whoever knows the id can fetch the answer."""
        job, job_id = _Job(future), secrets.token_hex(16)
        future.add_done_callback(job.finish)
        self._jobs[job_id] = job
        return job_id

    def find(self, job_id: str) -> "Future[Answer]":
        """Return the work of a job.

        Raises:
            RefusalError: 404, there is no job with this id, or it has expired.
        """
        self._forget_old()
        if job_id not in self._jobs:
            kept = f"an answer is kept for {self._keep_s:g} s and lost in a restart"
            raise RefusalError(404, "no_job", f"there is no job with this id: {kept}; send the image again")
        return self._jobs[job_id].future

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._keep_s
        self._jobs = {
            job_id: job for job_id, job in self._jobs.items() if job.finished is None or job.finished > oldest
        }
