"""Predictions that take longer than a request may."""

import secrets
import time
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock

from service.answer import Answer
from service.refusal import RefusalError
from service.work_queue import Work

#: What a finished job takes beside its answer.
_OVERHEAD_BYTES = 4096


@dataclass
class _Job:
    client: str
    work: Work[Answer] | None = None
    outcome: Answer | BaseException | None = None
    finished: float | None = None
    fetched: bool = False

    @property
    def size(self) -> int:
        """Bytes that the outcome takes."""
        if self.finished is None:
            return 0
        return _OVERHEAD_BYTES + (len(self.outcome.body) if isinstance(self.outcome, Answer) else 0)


class Jobs:
    """Keeps jobs and their answers, compressed, in memory; both are lost when the service restarts.

    Each client may have half of the places and of the memory, so that nobody keeps others out.

    Args:
        limit: jobs being uploaded, waiting or in work.
        keep_s: that a finished job is kept.
        max_bytes: of all answers together; those that have been fetched make room for others.
    """

    def __init__(self, limit: int, keep_s: float, max_bytes: int) -> None:
        self._limit, self._keep_s, self._max_bytes = limit, keep_s, max_bytes
        self._jobs: dict[str, _Job] = {}
        self._lock = Lock()

    def open(self, client: str) -> str:
        """Take a place for a job before its image is read and return the job's id; whoever knows it can fetch the job.

        Args:
            client: who asks for it.

        Raises:
            RefusalError: 503, there are too many jobs, or too many answers that nobody has fetched; 429, this client
                has half of what there may be.
        """
        with self._lock:
            self._forget_old()
            if self._is_full(list(self._jobs.values()), self._limit, self._max_bytes):
                message = "too many jobs wait or have not been fetched: fetch or delete some, or try again"
                raise RefusalError(503, "busy", message, {"Retry-After": "5"})
            own = [job for job in self._jobs.values() if job.client == client]
            if self._is_full(own, max(self._limit // 2, 1), max(self._max_bytes // 2, 2 * _OVERHEAD_BYTES)):
                message = "half of all jobs are yours: fetch or delete some, or try again"
                raise RefusalError(429, "too_many_jobs", message, {"Retry-After": "5"})
            job_id = secrets.token_hex(16)
            self._jobs[job_id] = _Job(client)
        return job_id

    def is_idle(self) -> bool:
        """Return whether all jobs are finished and have been fetched."""
        with self._lock:
            self._forget_old()
            return all(job.fetched for job in self._jobs.values())

    @staticmethod
    def _is_full(jobs: list[_Job], limit: int, max_bytes: int) -> bool:
        unfinished = sum(job.finished is None for job in jobs)
        unfetched = sum(job.size for job in jobs if not job.fetched)
        return unfinished >= limit or unfetched + _OVERHEAD_BYTES > max_bytes

    def start(self, job_id: str, work: Work[Answer]) -> None:
        """Keep the work of an open job, and its answer once there is one.

        Args:
            job_id: of the job.
            work: on its answer.
        """
        with self._lock:
            job = self._jobs[job_id]
            job.work = work
        work.add_done_callback(lambda done: self._finish(job, done))

    def remove(self, job_id: str) -> None:
        """Forget a job; its work is not started, or stops at the next tile.

        Raises:
            RefusalError: 404, as `outcome`.
        """
        with self._lock:
            job = self._find(job_id)
            del self._jobs[job_id]
        if job.work is not None:
            job.work.abandon()

    def outcome(self, job_id: str) -> Answer | str:
        """Return the answer of a finished job, or whether it is waiting or running.

        Raises:
            RefusalError: 404, there is no job with this id, or it has expired; 503, its answer found no room.
            ImageError: the image of the job cannot be used.
        """
        with self._lock:
            job = self._find(job_id)
            if job.finished is None:
                return "running" if job.work and job.work.running() else "waiting"
            job.fetched = True
        if isinstance(job.outcome, Answer):
            return job.outcome
        assert job.outcome is not None
        raise job.outcome

    def ahead(self, job_id: str) -> int:
        """Return how many earlier jobs are not finished; 0 if there is none with this id."""
        with self._lock:
            ids = list(self._jobs)
            earlier = ids[: ids.index(job_id)] if job_id in self._jobs else []
            return sum(self._jobs[each].finished is None for each in earlier)

    def _finish(self, job: _Job, future: Future[Answer]) -> None:
        if future.cancelled():
            return
        try:
            outcome: Answer | BaseException = future.result().compress()  # in the worker's thread
        except BaseException as error:  # to be raised for whoever fetches it
            outcome = error
        with self._lock:
            job.work, job.outcome, job.finished = None, outcome, time.monotonic()
            if not self._make_room():
                size = f"the answer of {job.size} bytes found no room beside those that nobody has fetched"
                job.outcome = RefusalError(503, "busy", f"{size}: fetch or delete them, and send the image again")

    def _make_room(self) -> bool:
        """Forget fetched jobs, the oldest first, until all answers fit; return whether they do."""
        excess = sum(job.size for job in self._jobs.values()) - self._max_bytes
        for job_id, job in list(self._jobs.items()):
            if excess > 0 and job.fetched:
                excess -= job.size
                del self._jobs[job_id]
        return excess <= 0

    def _find(self, job_id: str) -> _Job:
        self._forget_old()
        if job_id not in self._jobs:
            kept = f"an answer is kept for {self._keep_s:g} s and lost in a restart"
            raise RefusalError(404, "no_job", f"there is no job with this id: {kept}; send the image again")
        return self._jobs[job_id]

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._keep_s
        self._jobs = {
            job_id: job for job_id, job in self._jobs.items() if job.finished is None or job.finished > oldest
        }
