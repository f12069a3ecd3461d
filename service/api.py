"""The BentoML service: `bentoml serve service.api:BoundaryService`."""

import atexit

import bentoml
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.app import create_app
from service.bentoml_patches import respawn_at_once, stop_tracking
from service.log import log_to_stderr
from service.model_loader import ModelLoader, find_model, make_pin
from service.model_store import BentoModelStore
from service.settings import Settings
from service.tracing import trace_requests
from service.uvicorn_patches import bound_connections

stop_tracking()

settings = Settings.from_environment()
log_to_stderr(as_json=settings.log_format == "json")
respawn_at_once()
if (remove_pin := make_pin()) is not None:
    atexit.register(remove_pin)
stored = find_model(settings.model)  # here, so that the server ends: a worker that fails would be restarted for ever
app = create_app(settings, BentoModelStore(stored.tag.name, settings.engine, settings.workers))
loader = ModelLoader(
    settings.model, settings.engine, settings.workers, lambda model: setattr(app.state, "model", model)
)
answering, end_tracing = trace_requests(app)
bound_connections(answering)
loader.reload_on_hangup()  # the parent process passes the signal on


class BypassBentoMiddleware:
    """Passes every request to `service.app`: BentoML's pages, one of which loads foreign scripts, are never served.

    Args:
        bentoml_app: handles start and end of the server.
    """

    def __init__(self, bentoml_app: ASGIApp) -> None:
        self.bentoml_app = bentoml_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request, or the start and end of the server."""
        if scope["type"] != "lifespan":
            await answering(scope, receive, send)
            return

        async def send_and_end(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                end_tracing()  # the server ends by a signal, which leaves nothing to do at exit
            await send(message)

        app.state.draining.delay_termination()  # the server has its handlers of signals by now
        await self.bentoml_app(scope, receive, send_and_end)


@bentoml.service(
    name="septum",
    workers=1,
    http={"host": "127.0.0.1"},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    traffic={"timeout": settings.work_timeout_s + 60},
)
class BoundaryService:
    """Answers images with boundary masks; the HTTP surface is `service.app`."""

    def __init__(self) -> None:
        """Load and check the model, once."""
        loader.load(stored)


BoundaryService.add_asgi_middleware(BypassBentoMiddleware)  # type: ignore[attr-defined]  # mypy ignores class decorators
