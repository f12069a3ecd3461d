"""Middleware around every request: an id, a log line, a count, and an answer where the application fails."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.log import current_request
from service.metrics import Metrics
from service.refusal import RefusalError, answer_refusal

_HEADER = "X-Request-ID"
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

logger = logging.getLogger("septum.service")


class Telemetry:
    """Logs and counts the requests of an application.

    Args:
        app: whose requests are logged.
        metrics: that count them.
        templates: pattern of a path -> its template, by which it is logged and counted.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, templates: list[tuple[re.Pattern[str], str]]) -> None:
        self.app, self.metrics, self.templates = app, metrics, templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(Headers(scope=scope))
        current_request.set(request_id)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            logger.exception("fault while answering %s", request_id, extra={"request_id": request_id})
            if status:
                raise  # a part of the answer has been sent: the connection must break
            fault = RefusalError(
                500, "internal_error", "the service failed: its log has the reason, under the request's id"
            )
            await answer_refusal(Request(scope), fault)(scope, receive, send_with_id)
        finally:
            self._record(scope, request_id, status, time.perf_counter() - started)

    def _record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        path = next((template for pattern, template in self.templates if pattern.fullmatch(scope["path"])), "other")
        self.metrics.count_request(scope["method"], path, status, seconds)
        fields = {
            "request_id": request_id,
            "method": scope["method"],
            "path": path,
            "status": status,
            "seconds": round(seconds, 6),
            "code": scope.get("state", {}).get("code"),
            "client": scope.get("state", {}).get("client"),
        }
        logger.info(
            "%(method)s %(path)s %(status)d %(code)s %(client)s %(seconds)g s %(request_id)s", fields, extra=fields
        )


def _request_id(headers: Headers) -> str:
    given = headers.get(_HEADER, "")
    return given if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex
