"""The HTTP surface: an ASGI application that depends neither on BentoML nor on where the model comes from."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seg.data.image_error import ImageError
from service.answer import Answer, answer, weigh
from service.jobs import Jobs
from service.metrics import Metrics
from service.model_card import describe
from service.openapi import describe_api
from service.query import Query
from service.refusal import (
    RefusalError,
    answer_http_error,
    answer_image_error,
    answer_memory_error,
    answer_refusal,
)
from service.served_model import ServedModel
from service.settings import Settings
from service.telemetry import Telemetry
from service.upload import Reservation, UploadBudget, read_upload
from service.web_page import WebPage
from service.work_queue import Work, WorkQueue

Endpoint = Callable[[Request], Awaitable[Response]]


class Endpoints:
    """The handler of each path.

    Args:
        settings: limits and token.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._work = WorkQueue(settings.workers, settings.queue, settings.work_timeout_s, settings.large_pixels)
        self._budget = UploadBudget(settings.max_buffered_bytes)
        self._jobs = Jobs(settings.jobs, settings.job_keep_s, settings.max_answer_bytes)
        self.metrics = Metrics(self._work, self._budget)

    def routes(self) -> list[Route]:
        """Return the routes; all but the health checks require the token."""
        guarded = [
            ("/predict", self._predict, ["POST"]),
            ("/jobs", self._start_job, ["POST"]),
            ("/jobs/{id}", self._job, ["GET", "DELETE"]),
            ("/model", self._model, ["GET"]),
            ("/metrics", self._metrics, ["GET"]),
            ("/openapi.json", self._openapi, ["GET"]),
        ]
        return [
            Route("/livez", self._livez, methods=["GET"]),
            Route("/readyz", self._readyz, methods=["GET"]),
            *(Route(path, self._guard(endpoint), methods=methods) for path, endpoint, methods in guarded),
        ]

    def _guard(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            _authorize(request, self._settings.token)
            return await endpoint(request)

        return guarded

    async def _predict(self, request: Request) -> Response:
        work = await self._submit(request, at_once=True)
        return _respond(await self._work.result(work, _disconnected(request)))

    async def _start_job(self, request: Request) -> Response:
        job_id = self._jobs.open()
        try:
            self._jobs.start(job_id, await self._submit(request, at_once=False))
        except BaseException:
            self._jobs.remove(job_id)
            raise
        url = f"/jobs/{job_id}"
        return JSONResponse({"id": job_id, "status": "waiting", "url": url}, 202, {"Location": url})

    async def _job(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if request.method == "DELETE":
            self._jobs.remove(job_id)
            return Response(status_code=204)
        outcome = self._jobs.outcome(job_id)
        if isinstance(outcome, Answer):
            return _respond(outcome)
        body = {"id": job_id, "status": outcome, "url": f"/jobs/{job_id}"}
        return JSONResponse(body, 202, {"Retry-After": "1"})

    async def _model(self, request: Request) -> Response:
        return JSONResponse(asdict(describe(_model(request), self._settings)))

    async def _metrics(self, _request: Request) -> Response:
        return Response(self.metrics.export(), media_type="text/plain; version=0.0.4")

    async def _openapi(self, _request: Request) -> Response:
        return JSONResponse(describe_api(self._settings))

    async def _livez(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, request: Request) -> Response:
        _model(request)
        return JSONResponse({"status": "ready"})

    async def _submit(self, request: Request, at_once: bool) -> Work[Answer]:
        model = _model(request)
        info = model.predictor.info
        query = Query.parse(request.query_params, info.tta)
        self._work.check_free()
        reservation = Reservation(self._budget)
        try:
            data = await read_upload(request, self._settings, reservation)
            work = self._work.submit(
                lambda: weigh(query, data, self._settings, at_once, info.planes),
                lambda work: self._answer(model, query, data, work),
            )
        except BaseException:
            reservation.release()
            raise
        work.add_done_callback(lambda _: reservation.release())
        return work

    def _answer(self, model: ServedModel, query: Query, data: bytes, work: Work[Answer]) -> Answer:
        found = answer(model, query, data, self._settings.max_pixels, work.check)
        self.metrics.count_answer(found)
        return found


def create_app(settings: Settings) -> Starlette:
    """Build the application; it is ready once `app.state.model`, a ServedModel, is set.

    Args:
        settings: limits and token.
    """
    endpoints = Endpoints(settings)
    routes = endpoints.routes() + (WebPage().routes() if settings.page == "on" else [])
    templates = [(route.path_regex, route.path) for route in routes]
    middleware = [Middleware(Telemetry, metrics=endpoints.metrics, templates=templates)]
    if settings.cors_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.list_origins(),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
                expose_headers=["X-Request-ID", "Retry-After", "Location", "X-Novelty", "X-Unlike-Training"],
            )
        )
    app = Starlette(
        routes=routes,
        middleware=middleware,
        exception_handlers={
            RefusalError: answer_refusal,
            ImageError: answer_image_error,
            MemoryError: answer_memory_error,
            HTTPException: answer_http_error,
        },
    )
    app.router.redirect_slashes = False
    app.state.model = None
    return app


async def _disconnected(request: Request) -> None:
    """Return once the client has disconnected; the body of the request must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _respond(found: Answer) -> Response:
    return Response(found.body, media_type=found.media_type, headers=found.headers())


def _model(request: Request) -> ServedModel:
    model: ServedModel | None = request.app.state.model
    if model is None:
        raise RefusalError(503, "loading", "the model is being loaded: try again", {"Retry-After": "1"})
    return model


def _authorize(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "").encode("latin-1")  # the bytes that were sent
    scheme, _, credentials = given.partition(b" ")
    matches = hmac.compare_digest(credentials.strip(), token.encode()) and scheme.lower() == b"bearer"
    if token and not matches:
        raise RefusalError(401, "unauthorized", "send the token as a bearer token", {"WWW-Authenticate": "Bearer"})
