"""From a request to the bytes of one image, under limits."""

import asyncio
from collections.abc import AsyncGenerator
from threading import Lock
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from service.refusal import RefusalError
from service.settings import Settings

_FIELD = "image"


class UploadBudget:
    """The memory that all uploads together may take, from their first byte to the end of the work on them.

    Args:
        limit: in bytes. An upload counts with what has arrived of it.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0
        self._lock = Lock()

    def acquire(self, count: int) -> None:
        """Take bytes.

        Raises:
            RefusalError: 503, there are not so many left.
        """
        with self._lock:
            if self.held + count > self.limit:
                raise RefusalError(503, "busy", "too many images are being sent: try again", {"Retry-After": "1"})
            self.held += count

    def release(self, count: int) -> None:
        """Give bytes back."""
        with self._lock:
            self.held -= count


class Reservation:
    """The share of one request in the budget.

    Args:
        budget: to take from.
    """

    def __init__(self, budget: UploadBudget) -> None:
        self._budget, self._taken = budget, 0

    def acquire(self, count: int) -> None:
        """Take more bytes, or raise as the budget does."""
        self._budget.acquire(count)
        self._taken += count

    def release(self) -> None:
        """Give everything back."""
        self._budget.release(self._taken)
        self._taken = 0


async def read_upload(request: Request, settings: Settings, reservation: Reservation) -> bytes:
    """Return the image that the request carries: its whole body, or the one part `image` of a form.

    The declared type of the image is ignored; nothing that a body names is ever fetched.

    Args:
        request: whose body is read.
        settings: limits of size and time.
        reservation: grows with the body.

    Raises:
        RefusalError: 400 no image or a broken form, 408 too slow, 413 too large, 503 too many at a time.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    try:
        async with asyncio.timeout(settings.upload_timeout_s):
            body = await _read_body(request, settings.max_body_bytes, reservation)
    except TimeoutError as error:
        limit = f"the body must arrive within {settings.upload_timeout_s:g} s"
        raise RefusalError(408, "upload_timeout", limit, {"Connection": "close"}) from error
    except ClientDisconnect as error:
        raise RefusalError(400, "incomplete", "the body ended before its declared length") from error
    data = await _only_part(request, body) if kind == "multipart/form-data" else body
    if not data:
        raise RefusalError(400, "no_image", "the request carries no image: send its bytes as the body")
    return data


async def _read_body(request: Request, limit: int, reservation: Reservation) -> bytes:
    message = f"the body has more than {limit} bytes"
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise RefusalError(413, "too_large", message)
    body = bytearray()
    async for chunk in request.stream():
        reservation.acquire(len(chunk))
        body += chunk
        if len(body) > limit:
            raise RefusalError(413, "too_large", message)
    return bytes(body)


async def _only_part(request: Request, body: bytes) -> bytes:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    limits: dict[str, Any] = {"max_files": 1, "max_fields": 1, "max_part_size": len(body)}
    parser = MultiPartParser(request.headers, stream(), **limits)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError, UnicodeError) as error:
        raise RefusalError(400, "bad_form", "the form must be whole and hold one part, `image`") from error
    part = form.get(_FIELD)
    if len(form.multi_items()) != 1 or part is None:
        raise RefusalError(400, "bad_form", "the form must hold one part, `image`, and nothing else")
    # a part without a file name is parsed as text: as Latin-1 if it is not UTF-8, which no PNG or JPEG is
    return await part.read() if isinstance(part, UploadFile) else part.encode("latin-1", "replace")
