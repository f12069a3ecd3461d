"""The HTTP surface, an ASGI application of its own: it knows a predictor and nothing of where it comes from."""

import hmac
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seg.data.image_error import ImageError
from seg.data.reading import read_image
from seg.data.writing import encode_mask, encode_probability
from service.refusal import RefusalError, answer_fault, answer_http_error, answer_image_error, answer_refusal
from service.settings import Settings
from service.upload import read_upload
from service.work_queue import WorkQueue

_PARAMETERS = {"format", "threshold", "page"}


class BoundaryPredictor(Protocol):
    """What answers: `seg.inference.predictor.Predictor`."""

    threshold: float
    boundary_value: int
    info: dict[str, Any]

    def probability(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """Return the probability of a boundary, (H, W)."""


class Query:
    """The parameters of a prediction.

    Args:
        request: format = mask or probability, threshold in [0, 1], page >= 0; all may be left out.

    Raises:
        RefusalError: 400 for an unknown or repeated parameter, 422 for a value out of range.
    """

    def __init__(self, request: Request) -> None:
        given = request.query_params
        unknown = given.keys() - _PARAMETERS
        if unknown or len(given.multi_items()) != len(given):
            known = ", ".join(sorted(_PARAMETERS))
            raise RefusalError(400, "bad_query", f"the parameters are {known}, each at most once")
        self.format = given.get("format", "mask")
        if self.format not in ("mask", "probability"):
            raise RefusalError(422, "bad_format", "format must be mask or probability")
        self.threshold = _number(given.get("threshold"))
        self.page = _page(given.get("page"))


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise RefusalError(422, "bad_threshold", "threshold must be a number from 0 to 1")
    return value


def _page(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise RefusalError(422, "bad_page", "page must be a whole number from 0")
    return int(text)


def create_app(settings: Settings) -> Starlette:
    """Build the application; it is ready once `app.state.predictor` is set.

    Args:
        settings: limits and token.
    """
    work = WorkQueue(settings.workers, settings.queue, settings.work_timeout_s)

    async def predict(request: Request) -> Response:
        _authorize(request, settings.token)
        predictor, query = _predictor(request), Query(request)
        data = await read_upload(request, settings)
        picture = await work.run(lambda: _answer(predictor, query, data, settings.max_pixels))
        return Response(picture, media_type="image/png")

    async def model(request: Request) -> Response:
        _authorize(request, settings.token)
        return JSONResponse(_predictor(request).info)

    async def livez(_request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(request: Request) -> Response:
        _predictor(request)
        return JSONResponse({"status": "ready"})

    app = Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/model", model, methods=["GET"]),
            Route("/livez", livez, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
        ],
        exception_handlers={
            RefusalError: answer_refusal,
            ImageError: answer_image_error,
            HTTPException: answer_http_error,
            Exception: answer_fault,
        },
    )
    app.state.predictor = None
    return app


def _answer(predictor: BoundaryPredictor, query: Query, data: bytes, max_pixels: int) -> bytes:
    probability = predictor.probability(read_image(data, max_pixels, query.page))
    if query.format == "probability":
        return encode_probability(probability)
    threshold = predictor.threshold if query.threshold is None else query.threshold
    return encode_mask(probability >= threshold, predictor.boundary_value)


def _predictor(request: Request) -> BoundaryPredictor:
    predictor: BoundaryPredictor | None = request.app.state.predictor
    if predictor is None:
        raise RefusalError(503, "loading", "the model is being loaded: try again", {"Retry-After": "1"})
    return predictor


def _authorize(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise RefusalError(401, "unauthorized", "send the token as a bearer token", {"WWW-Authenticate": "Bearer"})
