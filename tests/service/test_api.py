"""The service as BentoML runs it: what can be reached from outside, and what leaves."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from seg.__main__ import main

LOSS = Path(__file__).parents[2] / "configs" / "loss"
TOKEN = "a-token"

#: Every process that Python starts in this environment notes where it connects to or looks up.
WATCH = """
import os, sys
log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        os.write(log, f"{event} {arguments[1]!r}\\n".encode())
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        os.write(log, f"{event} {arguments[0]!r}\\n".encode())
sys.addaudithook(note)
"""


def watched(folder: Path) -> dict[str, str]:
    """An environment in which processes note in folder/connections where they connect to."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(WATCH)
    path = os.pathsep.join([str(folder), *sys.path])
    return {"PYTHONPATH": path, "WATCHED": str(folder / "connections")}


def tracked_unless_refused() -> dict[str, str]:
    """An environment in which BentoML logs what it would report."""
    environment = os.environ | {"__BENTOML_DEBUG_USAGE": "true"}
    environment.pop("BENTOML_DO_NOT_TRACK", None)
    return environment


@pytest.fixture(scope="module")
def store(tiny, tmp_path_factory) -> Path:
    """A model store of BentoML with one model."""
    folder = tmp_path_factory.mktemp("served")
    args = ["fit", f"--config={tiny / 'base.yaml'}", f"--data={tiny / 'data.yaml'}", f"--model.loss={LOSS / 'l2.yaml'}"]
    args += [f"--trainer.logger.save_dir={folder}", "--trainer.logger.name=run", "--trainer.enable_progress_bar=false"]
    assert main(args) == 0
    promote(folder / "bentoml")
    return folder / "bentoml"


def promote(store: Path) -> str:
    """Store the run beside the store; return the model's version."""
    environment = tracked_unless_refused() | {"BENTOML_HOME": str(store)}
    command = [sys.executable, "-m", "seg", "promote", str(store.parent)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "Tracking" not in done.stdout + done.stderr
    return done.stdout.split()[1].removeprefix("septum:").removesuffix(":")


@pytest.fixture(scope="module")
def served(store, tmp_path_factory):
    """URL and log of the service, started with a token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = tracked_unless_refused() | {"BENTOML_HOME": str(store), "SEPTUM_TOKEN": TOKEN}
    environment |= {"BENTOML_CONTAINERIZED": "true", "SEPTUM_LOG_FORMAT": "json"} | watched(store.parent / "watch")
    log = tmp_path_factory.mktemp("log") / "log.txt"
    command = [sys.executable, "-m", "bentoml", "serve", "service.api:BoundaryService", "--port", str(port)]
    with log.open("wb") as stream:
        server = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 240
        while ask(url, "/readyz")[0] != 200:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield url, log, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def ask(url: str, path: str, token: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def worker_of(server: int) -> psutil.Process:
    """The process that answers; circus names no other after the worker's module."""
    children = psutil.Process(server).children()
    (worker,) = [child for child in children if "_bentoml_impl.worker" in " ".join(child.cmdline())]
    return worker


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/docs.json", "/schema.json", "/healthz", "/metrics/", "/static_content/index.css"])
def test_no_page_of_the_framework_can_be_reached(served, path):
    status, text = ask(served[0], path)
    assert (status, json.loads(text)["error"]["code"]) == (404, "not_found")


@pytest.mark.slow
def test_the_first_page_is_our_own(served):
    status, text = ask(served[0], "/")
    assert status == 200
    assert "<title>Septum" in text


@pytest.mark.slow
def test_health_needs_no_token_and_the_model_does(served):
    url, *_ = served
    assert [ask(url, path)[0] for path in ("/livez", "/readyz", "/model")] == [200, 200, 401]
    model = json.loads(ask(url, "/model", TOKEN)[1])
    assert model["loss"] == model["provenance"]["loss"] == "losses.L2Loss"
    assert model["tag"].startswith("septum:")


@pytest.mark.slow
def test_it_listens_on_this_machine_alone_and_reports_to_nobody(served):
    url, log, _ = served
    assert f"listening on {url} " in log.read_text()
    assert "Tracking" not in log.read_text()


@pytest.mark.slow
def test_it_connects_to_this_machine_alone(served, store):
    image = next((store / "models" / "septum").glob("*/golden_image.png")).read_bytes()
    request = urllib.request.Request(f"{served[0]}/predict", image, {"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    noted = (store.parent / "watch" / "connections").read_text().splitlines()
    assert [line for line in noted if not re.search(r"127\.0\.0\.1|localhost| '/|::1", line)] == []


@pytest.mark.slow
def test_a_slow_upload_is_answered_and_its_connection_closed(served):
    host, port = served[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\nx"
        connection.sendall(head.encode())
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while received := connection.recv(4096):
                answer += received
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_its_lines_in_the_log_are_objects_with_the_id_of_the_request(served):
    url, log, _ = served
    request = urllib.request.Request(url + "/livez", headers={"X-Request-ID": "find-me"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.headers["x-request-id"] == "find-me"
    deadline = time.monotonic() + 5
    while not (lines := [json.loads(line) for line in log.read_text().splitlines() if "find-me" in line]):
        assert time.monotonic() < deadline, log.read_text()  # it is written once the answer has left
        time.sleep(0.05)
    assert [(line["path"], line["status"]) for line in lines] == [("/livez", 200)]


@pytest.mark.slow
def test_a_killed_worker_is_replaced_within_three_seconds_as_in_a_container(served):
    url, log, server = served
    replace_worker(url, log, server)
    assert ask(url, "/model", TOKEN)[0] == 200


def replace_worker(url: str, log: Path, server: int) -> None:
    """Kill the worker and wait for the next one to be ready."""
    killed = worker_of(server)
    killed.kill()
    started = time.monotonic()
    with contextlib.suppress(psutil.Error):
        killed.wait(3)
    while not any("_bentoml_impl.worker" in " ".join(child.cmdline()) for child in psutil.Process(server).children()):
        assert time.monotonic() - started < 3, log.read_text()
        time.sleep(0.05)
    while ask(url, "/readyz")[0] != 200:  # how long its imports take, the machine decides
        assert time.monotonic() - started < 90, log.read_text()
        time.sleep(0.1)


def reload(log: Path, server: int, outcome: str) -> str:
    """Send SIGHUP; return the line of the log that tells the outcome."""
    read = len(log.read_text())
    os.kill(server, signal.SIGHUP)
    deadline = time.monotonic() + 30
    while not (lines := [line for line in log.read_text()[read:].splitlines() if outcome in line]):
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return lines[0]


@pytest.mark.slow
def test_a_damaged_model_leaves_the_old_one_answering_and_a_whole_one_takes_its_place(served, store):
    url, log, server = served
    worker = worker_of(server).pid
    old = json.loads(ask(url, "/model", TOKEN)[1])["tag"]
    new = promote(store)
    weights = store / "models" / "septum" / new / "model.onnx"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    assert "model.onnx is not the file that was promoted" in reload(log, server, "reload of septum:latest failed")
    assert json.loads(ask(url, "/model", TOKEN)[1])["tag"] == old
    weights.write_bytes(whole)
    assert f"reloaded: septum:{new} answers" in reload(log, server, "reloaded")
    assert json.loads(ask(url, "/model", TOKEN)[1])["tag"] == f"septum:{new}"
    assert f"septum:{new} answers" in reload(log, server, "reloaded")  # and once more, with the old model freed
    assert worker_of(server).pid == worker  # no request was lost to another one's start


@pytest.mark.slow
def test_a_worker_that_comes_back_serves_what_answered_last_and_knows_no_job_of_the_one_before(served, store):
    url, log, server = served
    before = json.loads(ask(url, "/model", TOKEN)[1])["tag"]
    image = (store / "models" / "septum" / before.removeprefix("septum:") / "golden_image.png").read_bytes()
    request = urllib.request.Request(f"{url}/jobs", image, {"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        job = json.load(answer)["url"]
    damaged = store / "models" / "septum" / promote(store) / "model.onnx"
    damaged.write_bytes(b"")
    replace_worker(url, log, server)
    assert json.loads(ask(url, "/model", TOKEN)[1])["tag"] == before
    status, text = ask(url, job, TOKEN)
    assert (status, json.loads(text)["error"]["code"]) == (404, "no_job")


@pytest.mark.slow
def test_without_a_model_the_server_ends_and_says_why(tmp_path):
    environment = os.environ | {"BENTOML_HOME": str(tmp_path), "SEPTUM_MODEL": "septum:one"}
    command = [sys.executable, "-m", "bentoml", "serve", "service.api:BoundaryService", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode != 0
    assert "septum:one" in done.stdout + done.stderr
