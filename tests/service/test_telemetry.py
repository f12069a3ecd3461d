import json
import logging
import re
import sys

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.log import JsonFormatter, current_request, log_to_stderr
from tests.service.hostile import GRAY_TIFF, tag
from tests.service.world import client_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))
FAULTY = png_of(np.zeros((13, 13), np.uint8))


def sample(client: TestClient, name: str) -> float:
    (value,) = re.findall(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(value)


@pytest.fixture
def loggers_kept():
    """Loggers and warnings as they were, after a test that has them written to standard error."""
    loggers = [logging.getLogger(name) for name in ("septum", "tifffile", "py.warnings")]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield
    logging.captureWarnings(False)
    for logger, handlers, level, propagate in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_an_answer_carries_the_id_of_its_request(client):
    assert client.get("/livez", headers={"x-request-id": "mine-7"}).headers["x-request-id"] == "mine-7"
    made = [client.get("/nothing").headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(re.fullmatch("[0-9a-f]{32}", request_id) for request_id in made)


@pytest.mark.parametrize("given", ["a b", "x" * 65, "a;b", ""])
def test_an_id_that_could_spoil_a_log_is_replaced(client, given):
    assert re.fullmatch("[0-9a-f]{32}", client.get("/livez", headers={"x-request-id": given}).headers["x-request-id"])


def test_each_request_leaves_a_line_with_its_id_status_and_code(client, caplog):
    caplog.set_level(logging.INFO, "septum")
    client.post("/predict?page=x", content=IMAGE, headers={"x-request-id": "mine"})
    client.get("/nothing%0AINFO forged")
    first, second = caplog.records
    assert (first.request_id, first.path, first.status, first.code) == ("mine", "/predict", 422, "bad_page")
    assert (second.path, second.status) == ("other", 404)
    assert "forged" not in caplog.text


def test_a_fault_is_in_the_log_under_its_id_and_the_answer_has_it_too(client, caplog):
    answer = client.post("/predict", content=FAULTY, headers={"x-request-id": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "mine")
    (fault,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert fault.request_id == "mine"
    assert "secret: /etc/model" in caplog.text


def test_an_object_in_the_log_holds_what_went_wrong():
    try:
        raise RuntimeError("secret")
    except RuntimeError:
        record = logging.makeLogRecord({"msg": "fault", "levelname": "ERROR", "exc_info": sys.exc_info()})
    assert json.loads(JsonFormatter().format(record))["exception"].endswith("RuntimeError: secret")


def test_a_log_line_can_be_an_object():
    record = logging.makeLogRecord({"msg": "GET %s", "args": ("/x",), "levelname": "INFO", "request_id": "mine"})
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["level"], line["request_id"]) == ("GET /x", "info", "mine")
    assert line["time"].endswith("+00:00")


@pytest.mark.usefixtures("loggers_kept")
@pytest.mark.parametrize("as_json", [True, False])
def test_our_lines_go_to_the_standard_error_once(as_json, capsys):
    log_to_stderr(as_json)
    log_to_stderr(as_json)
    logging.getLogger("septum.service").info("hello")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("{") == as_json
    assert "hello" in line


@pytest.mark.usefixtures("loggers_kept")
def test_what_a_decoder_says_of_an_image_is_in_the_log_in_short_under_the_id_of_its_request(client, capfd):
    odd = tag(GRAY_TIFF, 257, 65)  # tifffile warns of its strips, of which there are too few, more than three times
    log_to_stderr(as_json=True)
    for number in range(3):
        client.post("/predict", content=odd, headers={"x-request-id": f"odd-{number}"})
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    said = [line for line in lines if line["message"].startswith("tifffile: ")]
    assert [line["request_id"] for line in said] == [f"odd-{number}" for number in range(3) for _ in range(3)]


@pytest.mark.usefixtures("loggers_kept")
def test_a_decoder_that_says_much_is_cut_short(capfd):
    log_to_stderr(as_json=False)
    for number in range(2000):
        current_request.set(f"id-{number}")
        for _ in range(10):
            logging.getLogger("tifffile").warning("a\n%s", "x" * 100_000)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2000 * 3
    assert max(map(len, lines)) < 400
    (handler,) = logging.getLogger("tifffile").handlers
    assert len(handler.filters[0]._lines) == 1000


def test_requests_pixels_and_stages_are_counted(client):
    for _ in range(3):
        client.post("/predict", content=IMAGE)
    client.post("/predict", content=b"nonsense")
    assert sample(client, 'septum_requests_total{method="POST",path="/predict",status="200"}') == 3
    assert sample(client, 'septum_requests_total{method="POST",path="/predict",status="415"}') == 1
    assert sample(client, "septum_pixels_total") == 3 * 600
    assert sample(client, 'septum_stage_seconds_count{stage="engine"}') == 3
    assert sample(client, 'septum_request_seconds_count{path="/predict"}') == 4
    assert sample(client, "septum_queue_waiting") == sample(client, "septum_upload_bytes") == 0
    assert sample(client, "septum_queue_places") == 16


def test_paths_and_methods_that_do_not_exist_do_not_grow_the_metrics(client):
    client.get("/metrics")
    lengths = []
    for number in range(500):
        client.get(f"/scan/{number}.php?x={number}")
        client.get(f"/jobs/{number}")
        client.request(f"BREW{number}", "/predict")
        if number in (5, 499):
            lengths.append(len(client.get("/metrics").text.splitlines()))
    assert lengths[1] - lengths[0] == 0
    assert sample(client, 'septum_requests_total{method="other",path="/predict",status="405"}') == 500
    assert sample(client, 'septum_requests_total{method="GET",path="other",status="404"}') == 500
    assert sample(client, 'septum_requests_total{method="GET",path="/jobs/{id}",status="404"}') == 500


def test_pages_of_the_listed_origins_alone_may_use_the_service(predictor):
    client = client_of(predictor, cors_origins="https://a.example, https://b.example")
    headers = {"origin": "https://b.example"}
    answer = client.post("/predict", content=IMAGE, headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://b.example"
    assert "X-Request-ID" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in client.get("/livez", headers={"origin": "https://c.example"}).headers
    assert "access-control-allow-origin" not in client_of(predictor).get("/livez", headers=headers).headers
