"""Traces by OpenTelemetry, where OTEL_TRACES_EXPORTER=otlp asks for them; its other variables say where they go."""

import os
from collections.abc import Callable
from importlib.util import find_spec

from opentelemetry import trace
from starlette.types import ASGIApp, Scope

from service.answer import Answer
from service.log import current_request

_VARIABLE = "OTEL_TRACES_EXPORTER"
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_NOT_TRACED = "livez,readyz,metrics"


def trace_requests(app: ASGIApp) -> tuple[ASGIApp, Callable[[], None]]:
    """Return the application with a span around each request, and what sends the last spans when the worker ends.

    Where nobody asks for traces, the application is returned as it is.

    Args:
        app: answers the requests.

    Raises:
        ValueError: another exporter is asked for, or what exports is not installed.
    """
    asked = os.environ.get(_VARIABLE, "none")
    if asked in ("", "none"):
        return app, lambda: None
    if asked != "otlp":
        raise ValueError(f"{_VARIABLE} must be otlp or none, got {asked!r}")
    if find_spec("opentelemetry.exporter") is None or find_spec(_EXPORTER.rpartition(".")[0]) is None:
        raise ValueError(f'{_VARIABLE}=otlp needs what exports traces: pip install "septum[tracing]"')
    return _traced(app)


def describe_answer(found: Answer) -> None:
    """Add what is known of an answer to the span of its request; a job's has ended by then."""
    span = trace.get_current_span()
    if span.is_recording():
        span.set_attribute("septum.request_id", current_request.get())
        span.set_attribute("septum.model", found.tag)
        span.set_attribute("septum.pixels", found.pixels)
        span.set_attributes({f"septum.{step}_s": seconds for step, seconds in found.seconds.items()})


def _traced(app: ASGIApp) -> tuple[ASGIApp, Callable[[], None]]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  # of an extra
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware  # noqa: PLC0415  # takes half a second
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    os.environ.setdefault("OTEL_SERVICE_NAME", "septum")
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    traced: ASGIApp = OpenTelemetryMiddleware(
        app,
        excluded_urls=_NOT_TRACED,
        default_span_details=_name,
        tracer_provider=provider,
        exclude_spans=["receive", "send"],
    )
    return traced, provider.shutdown


def _name(scope: Scope) -> tuple[str, dict[str, str]]:
    """Return the name of a span, without ids of jobs and whatever else strangers ask for."""
    path = "/".join(scope.get("path", "").split("/")[:2])
    return f"{scope['method']} {path if path in ('/predict', '/jobs', '/model', '/models') else 'other'}", {}
