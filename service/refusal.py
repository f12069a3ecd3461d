"""Errors as JSON, in one form, without paths and exception text."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from seg.data.image_error import ImageError

_IMAGE_STATUS = {"unsupported_format": 415, "too_many_pixels": 413, "too_much_metadata": 413}
_HTTP_CODES = {404: ("not_found", "there is nothing at this path"), 405: ("method_not_allowed", "use another method")}


class RefusalError(Exception):
    """A request that is answered with an error.

    Args:
        status: of HTTP.
        code: for programs.
        message: for people: what is wrong and what to do.
        headers: of the answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def answer_refusal(request: Request, error: Exception) -> JSONResponse:
    """Return the refusal as JSON.

    Args:
        request: that is refused; its log line gets the code.
        error: a RefusalError.
    """
    assert isinstance(error, RefusalError)
    request.state.code = error.code  # for the log
    body = {"error": {"code": error.code, "message": error.message}}
    return JSONResponse(body, status_code=error.status, headers=error.headers)


def answer_image_error(request: Request, error: Exception) -> JSONResponse:
    """Return what is wrong with the image as JSON.

    Args:
        request: that carried the image.
        error: an ImageError.
    """
    assert isinstance(error, ImageError)
    return answer_refusal(request, RefusalError(_IMAGE_STATUS.get(error.code, 422), error.code, str(error)))


def answer_memory_error(request: Request, error: Exception) -> JSONResponse:
    """Return that memory ran out as JSON: the image may be good, and may fit when others are done.

    Args:
        request: that carried the image.
        error: a MemoryError.
    """
    message = "there is not enough memory for this image now: try again later, or send a smaller one"
    return answer_refusal(request, RefusalError(503, "out_of_memory", message, {"Retry-After": "5"}))


def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Return an unknown path or method as JSON.

    Args:
        request: that is refused.
        error: an HTTPException.
    """
    assert isinstance(error, HTTPException)
    code, message = _HTTP_CODES.get(error.status_code, ("bad_request", "the request cannot be read"))
    headers = dict(error.headers) if error.headers else None
    return answer_refusal(request, RefusalError(error.status_code, code, message, headers))
