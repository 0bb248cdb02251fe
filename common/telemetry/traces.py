"""Traces in OpenTelemetry's names: nothing is recorded and next to nothing costs until an exporter is set."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from common.settings import SettingsError
from common.telemetry.settings import TraceSettings

_SPAN = "atrium_span"


def configure_traces(service: str, settings: TraceSettings) -> TracerProvider | None:
    """Record spans of this process if an endpoint is set; once per process, before anything is built."""
    if settings.endpoint is None:
        return None
    provider = provider_of(service, settings.sample, _exporter(settings.endpoint))
    trace.set_tracer_provider(provider)
    return provider


def provider_of(service: str, sample: float, exporter: SpanExporter) -> TracerProvider:
    """A provider that batches spans to the exporter."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), sampler=ParentBased(TraceIdRatioBased(sample))
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def is_tracing() -> bool:
    """Whether spans of this process go anywhere."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


@contextmanager
def span(name: str, **attributes: str | int | bool) -> Iterator[trace.Span]:
    """A span around the block; errors are noted in it."""
    if not is_tracing():
        yield trace.INVALID_SPAN
        return
    with trace.get_tracer("atrium").start_as_current_span(name, attributes=attributes) as started:
        yield started


@contextmanager
def continued(headers: Mapping[str, str]) -> Iterator[None]:
    """What happens inside belongs to the trace that the headers name (`traceparent`)."""
    if not is_tracing():
        yield
        return
    token = otel_context.attach(propagate.extract(headers))
    try:
        yield
    finally:
        otel_context.detach(token)


def trace_statements(engine: AsyncEngine) -> None:
    """A span per SQL statement; the text without its values."""

    def begin(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        started = trace.get_tracer("atrium").start_span(
            statement.split(None, 1)[0].upper(), kind=trace.SpanKind.CLIENT
        )
        started.set_attributes({"db.system.name": "postgresql", "db.query.text": statement})
        setattr(context, _SPAN, started)

    def end(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        started: trace.Span = getattr(context, _SPAN)
        started.end()

    def fail(failure: Any) -> None:
        started = getattr(failure.execution_context, _SPAN, None)
        if isinstance(started, trace.Span):
            started.set_status(trace.StatusCode.ERROR, type(failure.original_exception).__name__)
            started.end()

    event.listen(engine.sync_engine, "before_cursor_execute", begin)
    event.listen(engine.sync_engine, "after_cursor_execute", end)
    event.listen(engine.sync_engine, "handle_error", fail)


def _exporter(endpoint: str) -> SpanExporter:
    try:  # an extra: most installations do without
        module = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as error:
        raise SettingsError(
            "ATRIUM_TRACES_ENDPOINT needs the extra `otlp`: pip install atrium[otlp]"
        ) from error
    exporter: SpanExporter = module.OTLPSpanExporter(endpoint=endpoint)
    return exporter
