"""The HTTP surface, an ASGI application of its own: it knows a predictor and nothing of where it comes from."""

import hmac

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seg.data.image_error import ImageError
from service.answer import BoundaryPredictor, answer
from service.model_card import describe
from service.query import Query
from service.refusal import RefusalError, answer_fault, answer_http_error, answer_image_error, answer_refusal
from service.settings import Settings
from service.upload import read_upload
from service.work_queue import WorkQueue


def create_app(settings: Settings) -> Starlette:
    """Build the application; it is ready once `app.state.predictor` is set.

    Args:
        settings: limits and token.
    """
    work = WorkQueue(settings.workers, settings.queue, settings.work_timeout_s)

    async def predict(request: Request) -> Response:
        _authorize(request, settings.token)
        predictor, query = _predictor(request), Query.parse(request.query_params)
        data = await read_upload(request, settings)
        found = await work.run(lambda: answer(predictor, query, data, settings.max_pixels))
        return Response(found.body, media_type=found.media_type)

    async def model(request: Request) -> Response:
        _authorize(request, settings.token)
        return JSONResponse(describe(_predictor(request).info, settings))

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


def _predictor(request: Request) -> BoundaryPredictor:
    predictor: BoundaryPredictor | None = request.app.state.predictor
    if predictor is None:
        raise RefusalError(503, "loading", "the model is being loaded: try again", {"Retry-After": "1"})
    return predictor


def _authorize(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise RefusalError(401, "unauthorized", "send the token as a bearer token", {"WWW-Authenticate": "Bearer"})
