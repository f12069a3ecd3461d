"""Clients that misbehave below HTTP, over real sockets."""

import asyncio
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
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from service import uvicorn_patches
from service.uvicorn_patches import BoundedConnection, bound_connections
from tests.service.world import Brightness, app_of, png_of

IMAGE = png_of(np.full((130, 130), 200, np.uint8))  # too large for the lane of small images
LIMIT = 200_000


@pytest.fixture
def held(monkeypatch):
    """Address and predictor, which waits, of a service whose patience ends after a third of a second."""
    monkeypatch.setattr(uvicorn_patches, "_HEAD_TIMEOUT_S", 0.3)
    monkeypatch.setattr(uvicorn_patches, "_LINGER_S", 0.3)
    monkeypatch.setattr(uvicorn_patches, "_PROBE_S", 0.05)
    predictor = Brightness()
    predictor.hold.clear()
    app = app_of(predictor, max_body_bytes=LIMIT, upload_timeout_s=0.5)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=BoundedConnection, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname(), predictor
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def address(held):
    """Of that service, answering."""
    held[1].hold.set()
    return held[0]


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


def read_to_end(client: socket.socket) -> bytes:
    """All that arrives until the service closes the connection."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while received := client.recv(65_536):
            answer += received
    return answer


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


@pytest.mark.parametrize("lengths", [["Content-Length: 9"], ["Content-Length: 9", "Connection: keep-alive"]])
def test_a_request_of_two_lengths_is_answered_and_its_connection_closed(address, lengths):
    chunked = f"{len(IMAGE):x}\r\n".encode() + IMAGE + b"\r\n0\r\n\r\n"
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(head("Transfer-Encoding: chunked", *lengths) + chunked + head("Content-Length: 0"))
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer.lower()


def test_a_client_that_closes_its_side_gets_its_answer(address):
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(head(f"Content-Length: {len(IMAGE)}") + IMAGE)
        client.shutdown(socket.SHUT_WR)
        answer = read_to_end(client)
    assert answer.rpartition(b"HTTP/1.1 ")[2].startswith(b"200 ")
    assert answer.endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("sent", [b"", head("Content-Length: 99")[:20], head("Content-Length: 99") + b"x"])
def test_a_client_that_closes_its_side_before_its_request_is_whole_is_left(address, sent):
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        assert b"200" not in read_to_end(client)
    assert still_answers(address)


def test_an_image_whose_sender_has_gone_is_not_worked_on(held):
    address, predictor = held
    for _ in range(3):  # the first is in work already
        with socket.create_connection(address, timeout=5) as client:
            client.sendall(head(f"Content-Length: {len(IMAGE)}") + IMAGE)
            time.sleep(0.1)
    time.sleep(0.5)
    predictor.hold.set()
    assert still_answers(address)
    assert predictor.calls == 2


@pytest.mark.parametrize("library", uvicorn_patches.TRIED_WITH)
def test_the_installed_library_is_the_one_that_the_patches_were_tried_with(library):
    assert version(library) == uvicorn_patches.TRIED_WITH[library], "see that this file passes, then raise TRIED_WITH"


def test_the_methods_and_attributes_that_are_replaced_or_read_are_still_those_of_uvicorn():
    replaced = {"connection_made", "data_received", "connection_lost", "on_response_complete", "send_400_response"}
    replaced |= {"handle_events", "eof_received"}
    assert {name for name in replaced if not callable(getattr(H11Protocol, name, None))} == set()
    source = inspect.getsource(H11Protocol) + inspect.getsource(RequestResponseCycle)
    read = ("self.conn", "self.cycle", "self.transport", "self.loop", "self.timeout_keep_alive", "self.app")
    read += ("self.headers", "self.scope", "self.response_started", "self.response_complete", "self.more_body")
    read += ("self.keep_alive",)
    assert [name for name in read if f"{name} = " not in source and f"{name}: " not in source] == []


def test_a_server_that_chooses_its_protocol_itself_takes_ours_and_the_application_with_it(monkeypatch):
    monkeypatch.setattr(auto, "AutoHTTPProtocol", auto.AutoHTTPProtocol)
    ours = app_of(Brightness())
    bound_connections(ours)
    config = uvicorn.Config(lambda: None, http="auto", log_config=None)
    config.load()
    loop = asyncio.new_event_loop()
    protocol = config.http_protocol_class(config, ServerState(), {}, loop)
    loop.close()
    assert isinstance(protocol, BoundedConnection)
    assert protocol.app is ours
