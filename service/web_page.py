"""The page at `/`: files that the browser gets as they are, with headers that keep everything else out."""

import gzip
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.refusal import RefusalError

FOLDER = Path(__file__).parent / "page"

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}

#: No code but our own files, nothing from another host, no frame around the page.
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = {"Cache-Control": "no-cache"}


@dataclass(frozen=True)
class _File:
    content: bytes
    zipped: bytes
    media_type: str

    @classmethod
    def of(cls, content: bytes, suffix: str) -> "_File":
        return cls(content, gzip.compress(content, mtime=0), _TYPES[suffix])


class WebPage:
    """Serves `index.html` at / and the files beside it below /page/<version>/, where browsers keep them for ever.

    The version is a digest of all files, which `index.html` names by `page/VERSION/`.

    Args:
        folder: with the files.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        contents = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES
        }
        self.version = _digest(contents)
        index = contents.pop("index.html").replace(b"page/VERSION/", f"page/{self.version}/".encode())
        self._index = _File.of(index, ".html")
        self._files = {name: _File.of(content, Path(name).suffix) for name, content in contents.items()}

    def routes(self) -> list[Route]:
        """Return the routes of the page; none requires the token, for the page asks for it."""
        endpoints: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/": self._answer_index,
            "/page/{version}/{name:path}": self._answer_file,
        }
        return [Route(path, endpoint, methods=["GET"]) for path, endpoint in endpoints.items()]

    async def _answer_index(self, request: Request) -> Response:
        tag = f'"{self.version}"'
        headers = _ASK_AGAIN | {"ETag": tag}
        if request.headers.get("if-none-match", "").removeprefix("W/") == tag:
            return Response(status_code=304, headers=_HEADERS | headers)
        return _respond(request, self._index, headers)

    async def _answer_file(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None or request.path_params["version"] != self.version:
            raise RefusalError(404, "not_found", "there is nothing at this path: load the page again")
        return _respond(request, file, _FOR_EVER)


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def _respond(request: Request, file: _File, headers: dict[str, str]) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        encoded = _HEADERS | headers | {"Content-Encoding": "gzip"}
        return Response(file.zipped, media_type=file.media_type, headers=encoded)
    return Response(file.content, media_type=file.media_type, headers=_HEADERS | headers)
