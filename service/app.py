"""The HTTP surface: an ASGI application that depends neither on BentoML nor on where the model comes from."""

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from seg.data.image_error import ImageError
from service.endpoints import Endpoints
from service.refusal import (
    RefusalError,
    answer_http_error,
    answer_image_error,
    answer_memory_error,
    answer_refusal,
)
from service.served_model import MODEL_HEADER, NOVELTY_HEADER, UNLIKE_HEADER, ModelStore, ServedModel
from service.settings import Settings
from service.telemetry import Telemetry
from service.web_page import WebPage


def create_app(settings: Settings, store: ModelStore) -> Starlette:
    """Build the application; it is ready once `app.state.model`, a ServedModel, is set.

    Args:
        settings: limits and token.
        store: of the models that requests may name.
    """
    state = State({"model": None})
    endpoints = Endpoints(settings, store, lambda: _served(state))
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
                expose_headers=["X-Request-ID", "Retry-After", "Location", MODEL_HEADER, NOVELTY_HEADER, UNLIKE_HEADER],
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
    state.draining, state.jobs = endpoints.draining, endpoints.jobs
    app.state = state
    return app


def _served(state: State) -> ServedModel:
    model: ServedModel | None = state.model
    if model is None:
        raise RefusalError(503, "loading", "the model is being loaded: try again", {"Retry-After": "1"})
    return model
