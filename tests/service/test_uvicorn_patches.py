"""Clients that misbehave below HTTP, over real sockets."""

import contextlib
import inspect
import json
import socket
import threading
import time
from importlib.metadata import version

import numpy as np
import pytest
import uvicorn
from uvicorn.protocols.http import auto
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from service import uvicorn_patches
from service.uvicorn_patches import BoundedConnection, bound_connections
from tests.service.world import Brightness, app_of, png_of

IMAGE = png_of(np.full((20, 30), 200, np.uint8))
LIMIT = 200_000


@pytest.fixture
def address(monkeypatch):
    """Of a service whose patience ends after a third of a second."""
    monkeypatch.setattr(uvicorn_patches, "_HEAD_TIMEOUT_S", 0.3)
    monkeypatch.setattr(uvicorn_patches, "_LINGER_S", 0.3)
    app = app_of(Brightness(), max_body_bytes=LIMIT, upload_timeout_s=0.5)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=BoundedConnection, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join(10)
    listening.close()


def head(*lines: str, path: str = "/predict") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def talk(address, *pieces: bytes, pause_s: float = 0) -> tuple[int, str, bool]:
    """Send pieces until the service answers; return status and code, and whether it closed the connection."""
    with socket.create_connection(address, timeout=5) as client:
        answer = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause_s)
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            client.settimeout(2)
            while received := client.recv(65_536):
                answer += received
                if b'"error"' in answer and answer.endswith(b"}"):
                    break
        closed = False
        client.settimeout(1.5)
        with contextlib.suppress(TimeoutError):
            try:
                closed = client.recv(1) == b""
            except ConnectionResetError:
                closed = True
    status, body = answer.split(b" ", 2)[1], answer.rpartition(b"\r\n\r\n")[2]
    return int(status), json.loads(body)["error"]["code"], closed


def still_answers(address) -> bool:
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(head(f"Content-Length: {len(IMAGE)}", "Connection: close") + IMAGE)
        return client.recv(100).startswith(b"HTTP/1.1 200 ")


CASES = {
    "a head that never ends": ([b"POST /predict HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 20], 0.1, (408, "head_timeout")),
    "nothing at all": ([], 0, (408, "head_timeout")),
    "no http": ([b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"], 0, (400, "bad_request")),
    "headers without bound": ([b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 100_000], 0, (400, "bad_request")),
    "a body one byte at a time": ([head("Content-Length: 99"), *[b"x"] * 10], 0.1, (408, "upload_timeout")),
    "a body that stops": ([head("Content-Length: 99"), b"x"], 0, (408, "upload_timeout")),
    "a length over the limit": ([head("Content-Length: 2000000000"), b"x"], 0, (413, "too_large")),
    "chunks without end": (
        [head("Transfer-Encoding: chunked"), *[b"2710\r\n" + bytes(10_000) + b"\r\n"] * 100],
        0.01,
        (413, "too_large"),
    ),
    "a chunk of an impossible size": ([head("Transfer-Encoding: chunked"), b"zz\r\nx\r\n"], 0, (400, "bad_request")),
    "a body for a path that is not there": (
        [head("Content-Length: 2000000000", path="/no"), b"x"],
        0,
        (404, "not_found"),
    ),
    "two lengths": ([head("Content-Length: 1", "Content-Length: 2"), b"xx"], 0, (400, "bad_request")),
}


@pytest.mark.parametrize(("pieces", "pause_s", "expected"), CASES.values(), ids=CASES)
def test_it_is_refused_its_connection_closed_and_the_next_client_answered(address, pieces, pause_s, expected):
    status, code, closed = talk(address, *pieces, pause_s=pause_s)
    assert (status, code) == expected
    assert closed
    assert still_answers(address)


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(address):
    for _ in range(20):
        with socket.create_connection(address, timeout=5) as client:
            client.sendall(head("Content-Length: 100000") + IMAGE)
    assert still_answers(address)


def test_slow_clients_keep_nobody_waiting(address):
    slow = [socket.create_connection(address, timeout=5) for _ in range(50)]
    for client in slow:
        client.sendall(b"POST /predict HTTP/1.1\r\nX")
    started = time.monotonic()
    assert still_answers(address)
    assert time.monotonic() - started < 0.3
    time.sleep(0.6)
    assert all(client.recv(12) == b"HTTP/1.1 408" for client in slow)
    for client in slow:
        client.close()


def test_two_requests_on_one_connection_are_both_answered(address):
    with socket.create_connection(address, timeout=5) as client:
        for _ in range(2):
            client.sendall(head(f"Content-Length: {len(IMAGE)}") + IMAGE)
            time.sleep(0.1)
            assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("library", uvicorn_patches.TRIED_WITH)
def test_the_installed_library_is_the_one_that_the_patches_were_tried_with(library):
    assert version(library) == uvicorn_patches.TRIED_WITH[library], "see that this file passes, then raise TRIED_WITH"


def test_the_methods_and_attributes_that_are_replaced_or_read_are_still_those_of_uvicorn():
    replaced = {"connection_made", "data_received", "connection_lost", "on_response_complete", "send_400_response"}
    assert {name for name in replaced if not callable(getattr(H11Protocol, name, None))} == set()
    source = inspect.getsource(H11Protocol)
    read = ("self.conn", "self.cycle", "self.transport", "self.loop", "self.timeout_keep_alive", "self.app")
    assert [name for name in read if f"{name} = " not in source and f"{name}: " not in source] == []


def test_a_server_that_chooses_its_protocol_itself_takes_ours_and_the_application_with_it(monkeypatch):
    monkeypatch.setattr(auto, "AutoHTTPProtocol", auto.AutoHTTPProtocol)
    ours = app_of(Brightness())
    bound_connections(ours)
    config = uvicorn.Config(lambda: None, http="auto", log_config=None)
    config.load()
    protocol = config.http_protocol_class(config, ServerState(), {})
    assert isinstance(protocol, BoundedConnection)
    assert protocol.app is ours
