import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.tracing import trace_requests
from tests.service.world import app_of, png_of

IMAGE = png_of(np.zeros((20, 30), np.uint8))


@pytest.fixture
def collector():
    """URL and bodies of a server that takes traces."""
    taken: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()


@pytest.mark.parametrize("asked", [None, "", "none"])
def test_nothing_is_traced_unless_asked_for(monkeypatch, predictor, asked):
    monkeypatch.delenv("OTEL_TRACES_EXPORTER", raising=False)
    if asked is not None:
        monkeypatch.setenv("OTEL_TRACES_EXPORTER", asked)
    app = app_of(predictor)
    same, end = trace_requests(app)
    end()
    assert same is app


def test_another_exporter_is_refused(monkeypatch, predictor):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(ValueError, match="OTEL_TRACES_EXPORTER must be otlp or none, got 'zipkin'"):
        trace_requests(app_of(predictor))


def test_what_is_missing_is_named(monkeypatch, predictor):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setattr("service.tracing.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r'pip install "septum\[tracing\]"'):
        trace_requests(app_of(predictor))


def test_each_image_becomes_a_span_with_its_model_and_times(monkeypatch, predictor, collector):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    url, taken = collector
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "septum-of-anna")
    traced, end = trace_requests(app_of(predictor))
    client = TestClient(traced)
    parent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    headers = {"x-request-id": "mine-7", "traceparent": parent}
    assert client.post("/predict", content=IMAGE, headers=headers).status_code == 200
    job = client.post("/jobs", content=IMAGE).json()["url"]
    while client.get(job).status_code == 202:
        pass
    assert client.get("/livez").status_code == client.get("/metrics").status_code == 200
    end()  # sends what has not been sent yet
    assert {path for path, _ in taken} == {"/v1/traces"}
    sent = b"".join(body for _, body in taken)
    for word in (b"septum-of-anna", b"POST /predict", b"septum.model", b"septum:one", b"septum.engine_s", b"mine-7"):
        assert word in sent
    assert bytes.fromhex("0123456789abcdef0123456789abcdef") in sent  # the trace of whoever asked
    assert b"livez" not in sent
    assert b"GET /jobs" in sent
    assert b"GET " + job.encode() not in sent
