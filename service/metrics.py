"""What `GET /metrics` exports: every label comes from a short list, so that no request makes it grow."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest

from service.answer import Answer
from service.upload import UploadBudget
from service.work_queue import WorkQueue

_METHODS = ("GET", "POST", "DELETE", "HEAD", "OPTIONS")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts requests, and watches the queue and the memory that uploads take.

    Args:
        work: the queue whose length is exported.
        budget: the memory whose use is exported.
    """

    def __init__(self, work: WorkQueue, budget: UploadBudget) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter("septum_requests", "Answers", ["method", "path", "status"], registry=registry)
        self._latency = Histogram(
            "septum_request_seconds", "From request to answer", ["path"], buckets=_SECONDS, registry=registry
        )
        self._stages = Histogram(
            "septum_stage_seconds",
            "Decoding the image, running the network, writing the answer",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        about = "From the image to its answer, of each model"
        self._models = Summary("septum_model_seconds", about, ["model"], registry=registry)
        about = "Images that a model failed to answer by a fault of the service"
        self._faults = Counter("septum_model_faults", about, ["model"], registry=registry)
        self._pixels = Counter("septum_pixels", "Pixels predicted", registry=registry)
        gauges = {
            "septum_queue_waiting": ("Images that wait for a worker", lambda: work.waiting),
            "septum_queue_running": ("Images being worked on", lambda: work.running),
            "septum_queue_places": ("Images that may wait", lambda: work.max_waiting),
            "septum_upload_bytes": ("Memory that uploads take", lambda: budget.held),
        }
        for name, (meaning, value) in gauges.items():
            Gauge(name, meaning, registry=registry).set_function(value)

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count an answer.

        Args:
            method: of the request.
            path: the template of its route.
            status: of the answer.
            seconds: from request to answer.
        """
        self._requests.labels(method if method in _METHODS else "other", path, str(status)).inc()
        self._latency.labels(path).observe(seconds)

    def count_answer(self, answer: Answer) -> None:
        """Count a prediction."""
        self._models.labels(answer.tag).observe(sum(answer.seconds.values()))
        self._pixels.inc(answer.pixels)
        for stage, seconds in answer.seconds.items():
            self._stages.labels(stage).observe(seconds)

    def count_fault(self, tag: str) -> None:
        """Count an image that a model, by its tag, failed to answer."""
        self._faults.labels(tag).inc()

    def export(self) -> bytes:
        """Return the text that Prometheus reads."""
        return generate_latest(self._registry)
