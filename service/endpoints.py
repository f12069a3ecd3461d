"""The handler of each path of the HTTP surface."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seg.data.image_error import ImageError
from seg.inference.gathering import SMALL_PIXELS
from service.answer import Answer, answer, weigh
from service.clients import Clients
from service.draining import Draining, refuse_draining
from service.heap import Trimmer
from service.jobs import Jobs
from service.metrics import Metrics
from service.model_card import describe
from service.model_choice import ModelChoice
from service.openapi import describe_api
from service.query import Query
from service.refusal import RefusalError
from service.served_model import ModelStore, ServedModel
from service.settings import Settings
from service.tracing import describe_answer
from service.upload import Reservation, UploadBudget, read_upload
from service.work_queue import Work, WorkQueue

Endpoint = Callable[[Request], Awaitable[Response]]


class Endpoints:
    """The handler of each path.

    Args:
        settings: limits and token.
        store: of the models that requests may name.
        served: returns the model that answers requests that name none, or raises.
    """

    def __init__(self, settings: Settings, store: ModelStore, served: Callable[[], ServedModel]) -> None:
        self._settings = settings
        self._models = ModelChoice(settings, store, served)
        self._served = served
        sizes = SMALL_PIXELS, settings.large_pixels
        self._work = WorkQueue(settings.workers, settings.queue, settings.work_timeout_s, *sizes)
        self._budget = UploadBudget(settings.max_buffered_bytes)
        self._clients = Clients(settings)
        self._trimmer = Trimmer()
        self.jobs = Jobs(settings.jobs, settings.job_keep_s, settings.max_answer_bytes)
        self.metrics = Metrics(self._work, self._budget)
        self.draining = Draining(self._is_idle, settings.drain_s)

    def routes(self) -> list[Route]:
        """Return the routes; all but the health checks require the token."""
        guarded = [
            ("/predict", self._predict, ["POST"]),
            ("/jobs", self._start_job, ["POST"]),
            ("/jobs/{id}", self._job, ["GET", "DELETE"]),
            ("/model", self._model, ["GET"]),
            ("/models", self._list_models, ["GET"]),
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
            request.state.sender = self._clients.identify(request)
            return await endpoint(request)

        return guarded

    async def _predict(self, request: Request) -> Response:
        work = await self._submit(request, at_once=True)
        return _respond(await self._work.result(work, _disconnected(request)))

    async def _start_job(self, request: Request) -> Response:
        job_id = self.jobs.open(request.state.sender)
        try:
            self.jobs.start(job_id, await self._submit(request, at_once=False))
        except BaseException:
            self.jobs.remove(job_id)
            raise
        url = f"/jobs/{job_id}"
        body = {"id": job_id, "status": "waiting", "url": url, "ahead": self.jobs.ahead(job_id)}
        return JSONResponse(body, 202, {"Location": url})

    async def _job(self, request: Request) -> Response:
        job_id = request.path_params["id"]
        if request.method == "DELETE":
            self.jobs.remove(job_id)
            return Response(status_code=204)
        outcome = self.jobs.outcome(job_id)
        if isinstance(outcome, Answer):
            return await _respond_compressed(request, outcome)
        body = {"id": job_id, "status": outcome, "url": f"/jobs/{job_id}", "ahead": self.jobs.ahead(job_id)}
        return JSONResponse(body, 202, {"Retry-After": "1"})

    async def _model(self, request: Request) -> Response:
        asked = list(request.query_params.multi_items())
        if len(asked) > 1 or any(name != "model" for name, _ in asked):
            raise RefusalError(400, "bad_query", "the only parameter is model, at most once")
        model = await self._models.describe(request.query_params.get("model"))
        return JSONResponse(asdict(describe(model, self._settings)))

    async def _list_models(self, _request: Request) -> Response:
        return JSONResponse([asdict(model) for model in await self._models.summarize()])

    async def _metrics(self, _request: Request) -> Response:
        return Response(self.metrics.export(), media_type="text/plain; version=0.0.4")

    async def _openapi(self, _request: Request) -> Response:
        return JSONResponse(describe_api(self._clients.need_tokens))

    async def _livez(self, _request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, _request: Request) -> Response:
        self._served()
        if self.draining.started:
            raise refuse_draining()
        return JSONResponse({"status": "ready"})

    async def _submit(self, request: Request, at_once: bool) -> Work[Answer]:
        self._served()
        self.draining.check_taken()
        self._clients.check_rate(request.state.sender)
        query = Query.parse(request.query_params)
        self._work.check_free()
        lease = await self._models.lease(query.model)
        reservation = Reservation(self._budget)

        def release(_work: object = None) -> None:
            lease.release()
            reservation.release()

        try:
            info = lease.model.predictor.info
            data = await read_upload(request, self._settings, reservation)
            work = self._work.submit(
                lambda: weigh(query, data, self._settings, at_once, info.tta, info.planes),
                lambda work: self._answer(lease.model, query, data, work),
            )
        except BaseException:
            release()
            raise
        work.add_done_callback(release)
        return work

    def _is_idle(self) -> bool:
        return self._work.running + self._work.waiting == 0 and self.jobs.is_idle()

    def _answer(self, model: ServedModel, query: Query, data: bytes, work: Work[Answer]) -> Answer:
        pixels = 0
        try:
            found = answer(model, query, data, self._settings.max_pixels, work.check)
            pixels = found.pixels
        except (ImageError, RefusalError):
            raise  # not the model's fault
        except Exception:
            self.metrics.count_fault(model.tag)
            raise
        finally:
            self._trimmer.count(pixels)
        self.metrics.count_answer(found)
        describe_answer(found)
        return found


async def _disconnected(request: Request) -> None:
    """Return once the client has disconnected; the body of the request must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _respond(found: Answer) -> Response:
    return Response(found.body, media_type=found.media_type, headers=found.headers())


async def _respond_compressed(request: Request, found: Answer) -> Response:
    """Answer with what was compressed, as it is where the client takes that."""
    if found.compressed and "gzip" in request.headers.get("accept-encoding", ""):
        response = _respond(found)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = _respond(await asyncio.to_thread(found.decompress))
    response.headers["Vary"] = "Accept-Encoding"
    return response
