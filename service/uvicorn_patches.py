"""Limits of a connection before and after a request; everything that reaches into private parts of uvicorn and h11.

uvicorn has no limit for the time that headers may take, and keeps reading a body that nobody wants. Tried with the
versions below; pyproject.toml excludes later ones. tests/service/test_uvicorn_patches.py fails where a part changes.
"""

import asyncio
import json
from typing import Any

import h11
from starlette.types import ASGIApp
from uvicorn.protocols.http import auto
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

TRIED_WITH = {"uvicorn": "0.54.0", "h11": "0.16.0"}

_HEAD_TIMEOUT_S = 10.0
_LINGER_S = 3.0

#: How often a client that has closed its side is asked whether it still listens.
_PROBE_S = 0.5

_FRAMING = frozenset({b"transfer-encoding", b"content-length"})
_CLOSE = (b"connection", b"close")

#: Longer than proxies keep a connection, so that they never send into one that is being closed.
_KEEP_ALIVE_S = 75


class BoundedConnection(H11Protocol):
    """Ends a connection whose headers take too long, whose body goes on after the answer, or is ambiguous."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer of the headers."""
        super().connection_made(transport)
        self.timeout_keep_alive = _KEEP_ALIVE_S
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        """Stop the timer once the headers are complete, start it for the next request."""
        super().data_received(data)
        self._watch_head()

    def handle_events(self) -> None:
        """Let a connection end with a request of which another server may see another end (RFC 9112, 6.1)."""
        super().handle_events()
        if self.scope is not None and {name for name, _ in self.headers} >= _FRAMING and _CLOSE not in self.headers:
            self.headers.append(_CLOSE)  # uvicorn takes it for the client's wish

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the answer where the client has sent its whole request and closed its side."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return False
        cycle.keep_alive = False
        self._probe(cycle)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        super().connection_lost(exc)
        self._stop_watching()

    def on_response_complete(self) -> None:
        """Close soon where the client goes on sending a body that has been answered."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self.loop.call_later(_LINGER_S, self._close_if_still_sending, self.cycle)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not valid HTTP."""
        self._refuse(400, "bad_request", "the request is no valid HTTP")

    def _probe(self, cycle: RequestResponseCycle) -> None:
        """Send an interim answer, which clients ignore: writing to one that has gone altogether ends the connection."""
        if not cycle.response_started and not self.transport.is_closing():
            self.transport.write(self.conn.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            self.loop.call_later(_PROBE_S, self._probe, cycle)

    def _watch_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(_HEAD_TIMEOUT_S, self._time_out)

    def _stop_watching(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _time_out(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
            self._refuse(408, "head_timeout", f"the headers must arrive within {_HEAD_TIMEOUT_S:g} s")

    def _close_if_still_sending(self, cycle: object) -> None:
        if self.cycle is cycle and self.conn.their_state is h11.SEND_BODY:
            self.transport.close()

    def _refuse(self, status: int, code: str, message: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = json.dumps({"error": {"code": code, "message": message}}).encode()
            head = [("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close")]
            for event in (h11.Response(status_code=status, headers=head), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def bound_connections(app: ASGIApp) -> None:
    """Make the server that BentoML starts use these connections and pass their requests straight to the application.

    BentoML's middleware, which they bypass, keeps some kilobytes in memory for each new path.

    Args:
        app: answers the requests.
    """

    class Direct(BoundedConnection):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.app = app

    auto.AutoHTTPProtocol = Direct
