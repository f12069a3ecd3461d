"""The BentoML service: `bentoml serve service.api:BoundaryService`."""

import atexit
import signal

import bentoml
from bentoml._internal.utils.analytics import usage_stats
from starlette.types import ASGIApp, Receive, Scope, Send

from service.app import create_app
from service.connection import bound_connections
from service.log import log_to_stderr
from service.model import ServedModel, find_model, make_pin
from service.settings import Settings
from service.supervision import respawn_at_once

usage_stats.do_not_track.cache_clear()  # `bentoml serve` has asked before this package could say no

settings = Settings.from_environment()
log_to_stderr(as_json=settings.log_format == "json")
respawn_at_once()
if (remove_pin := make_pin()) is not None:
    atexit.register(remove_pin)
stored = find_model(settings.model)  # here, so that the server ends: a worker that fails is started again and again
app = create_app(settings)
served = ServedModel(settings.model, settings.engine, lambda predictor: setattr(app.state, "predictor", predictor))
bound_connections(app)
signal.signal(signal.SIGHUP, served.reload_beside)  # the watching process passes it on


class BypassBentoMiddleware:
    """Answers every request with our application: BentoML's pages (one loads scripts from elsewhere) are out of reach.

    Args:
        bentoml_app: keeps the life cycle.
    """

    def __init__(self, bentoml_app: ASGIApp) -> None:
        self.bentoml_app = bentoml_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request, or the server's start and end, on to where it belongs."""
        await (self.bentoml_app if scope["type"] == "lifespan" else app)(scope, receive, send)


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
        served.load(stored)


BoundaryService.add_asgi_middleware(BypassBentoMiddleware)  # type: ignore[attr-defined]  # mypy ignores class decorators
