"""SIGTERM: what was taken is finished and fetched, then the server ends."""

import signal
import threading
import time

import numpy as np
import pytest

from service import draining as module
from service.draining import Draining
from tests.service.test_jobs import fetch
from tests.service.world import Brightness, app_of, client_of, error_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))


@pytest.fixture
def ended(monkeypatch):
    """What the server's own handler of SIGTERM notes, in place of ending this process."""
    monkeypatch.setattr(module, "_STILL_TAKEN_S", 0.2)
    happened = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: happened.set())
    yield happened
    signal.signal(signal.SIGTERM, before)


def test_the_end_waits_for_work_in_flight_and_for_answers_that_nobody_has_fetched(ended):
    predictor = Brightness()
    client = client_of(predictor)
    client.app.state.draining.delay_termination()
    predictor.hold.clear()
    job = client.post("/jobs", content=IMAGE).json()["url"]
    signal.raise_signal(signal.SIGTERM)
    assert error_of(client.get("/readyz")) == (503, "draining")
    assert client.get("/livez").status_code == 200
    late = client.post("/jobs", content=IMAGE)  # sent before a balancer knows
    assert late.status_code == 202
    time.sleep(0.3)
    refused = client.post("/predict", content=IMAGE)
    assert error_of(refused) == (503, "draining")
    assert (refused.headers["retry-after"], refused.headers["connection"]) == ("1", "close")
    predictor.hold.set()
    assert fetch(client, job).status_code == 200
    assert not ended.wait(0.3)
    assert fetch(client, late.json()["url"]).status_code == 200
    assert ended.wait(2)


def test_without_work_the_end_comes_soon(ended):
    app_of(Brightness()).state.draining.delay_termination()
    started = time.monotonic()
    signal.raise_signal(signal.SIGTERM)
    assert ended.wait(2)
    assert time.monotonic() - started >= 0.2


def test_answers_that_nobody_fetches_are_waited_for_no_longer_than_the_setting_says(ended):
    client = client_of(Brightness(), drain_s=0.5)
    client.app.state.draining.delay_termination()
    client.post("/jobs", content=IMAGE)
    signal.raise_signal(signal.SIGTERM)
    assert not ended.wait(0.3)
    assert ended.wait(2)


def test_a_second_signal_ends_at_once(ended):
    Draining(lambda: False, 60).delay_termination()
    signal.raise_signal(signal.SIGTERM)
    assert not ended.is_set()
    signal.raise_signal(signal.SIGTERM)
    assert ended.is_set()


def test_a_process_that_has_no_handler_keeps_none(ended):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Draining(lambda: True, 60).delay_termination()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
