"""A client of the service."""

import time
from typing import Any

import httpx

_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_TRY_AGAIN = (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS)


class ServiceError(RuntimeError):
    """The service refused the request or did not answer.

    Args:
        status: of HTTP; 0 if there was no answer.
        code: for programs, e.g. corrupt_image.
        message: for people.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{message} ({code}, {status})")
        self.status, self.code = status, code


class Client:
    """Sends images to a service; may be shared by threads.

    Args:
        url: of the service, e.g. "http://127.0.0.1:3000".
        token: that the service requires, if any.
        timeout_s: for one answer.
        attempts: how often a request is sent while the service is busy, loading or unreachable.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = 120.0, attempts: int = 8) -> None:
        headers = {b"Authorization": f"Bearer {token}".encode()} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout_s)
        self._attempts = attempts

    def predict(self, image: bytes, **query: str | float | bool) -> bytes:
        """Return the answer to an image.

        Args:
            image: a PNG, JPEG or TIFF.
            query: format, model, threshold, page, tta, pixel_size_um; see the service's /openapi.json.

        Raises:
            ServiceError: the image or the query is refused, or the service stays busy or unreachable.
        """
        return self._ask("POST", "/predict", image, query).content

    def models(self) -> list[dict[str, Any]]:
        """Return the models that can answer, the latest first.

        Raises:
            ServiceError: as `model`.
        """
        found: list[dict[str, Any]] = self._ask("GET", "/models").json()
        return found

    def model(self) -> dict[str, Any]:
        """Return what is served.

        Raises:
            ServiceError: the service stays busy or unreachable, or requires another token.
        """
        description: dict[str, Any] = self._ask("GET", "/model").json()
        return description

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        """Return the client, which `with` closes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def _ask(self, method: str, path: str, body: bytes = b"", query: dict[str, Any] | None = None) -> httpx.Response:
        for left in reversed(range(self._attempts)):
            try:
                answer = self._http.request(method, path, content=body, params=query)
            except httpx.TransportError as error:
                failure, wait_s = (
                    ServiceError(0, "no_answer", f"{self._http.base_url} does not answer: {error}"),
                    _WAIT_S,
                )
            else:
                if answer.is_success:
                    return answer
                failure, wait_s = _failure(answer), _seconds(answer.headers.get("Retry-After", ""))
                if answer.status_code not in _TRY_AGAIN:
                    break
            if left:
                time.sleep(wait_s)
        raise failure


def _failure(answer: httpx.Response) -> ServiceError:
    try:
        error = answer.json()["error"]
        return ServiceError(answer.status_code, str(error["code"]), str(error["message"]))
    except (ValueError, KeyError, TypeError):
        return ServiceError(
            answer.status_code, "unknown", f"the answer does not come from Septum: {answer.reason_phrase}"
        )


def _seconds(text: str) -> float:
    return min(float(text), _LONGEST_WAIT_S) if text.isascii() and text.isdigit() else _WAIT_S
