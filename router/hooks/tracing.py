"""A span per stage, below one for the request, in the names of OpenTelemetry's conventions."""

from contextvars import ContextVar

from opentelemetry import propagate, trace

from router.errors import ClientError
from router.hooks.protocol import Around, Hook, Stage
from router.operation.model import Operation

_request_span: ContextVar[trace.Span] = ContextVar("atrium_request_span", default=trace.INVALID_SPAN)


class Tracing(Hook):
    """Spans go to whatever provider the process has set up."""

    stages = frozenset(Stage)

    def __init__(self, tracer: trace.Tracer | None = None) -> None:
        self._tracer = tracer or trace.get_tracer("atrium.router")

    async def around(self, stage: Stage, subject: object) -> Around:
        """One span; a refusal of the client's request is no error of ours."""
        name = "GraphQL Operation" if stage is Stage.REQUEST else f"atrium.router.{stage}"
        kind = trace.SpanKind.SERVER if stage is Stage.REQUEST else trace.SpanKind.INTERNAL
        caller = propagate.extract(getattr(subject, "headers", {})) if stage is Stage.REQUEST else None
        with self._tracer.start_as_current_span(name, caller, kind, record_exception=False) as span:
            if stage is Stage.REQUEST:
                _request_span.set(span)
            try:
                result = yield
            except ClientError as refusal:
                span.set_attribute("error.type", refusal.code)
                raise
            if isinstance(result, Operation):
                _name(_request_span.get(), result)


def _name(span: trace.Span, operation: Operation) -> None:
    span.set_attribute("graphql.operation.type", operation.kind.value)
    if operation.name is not None:
        span.set_attribute("graphql.operation.name", operation.name)
