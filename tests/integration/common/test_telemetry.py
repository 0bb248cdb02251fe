"""Traces and counts of a subgraph: one trace from the router's span to the statement, no values in it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text

from common.db.errors import DatabaseBusy
from common.db.session import Database
from common.graphql.subgraph import Subgraph
from common.resources import Resources
from common.settings import SettingsError
from common.telemetry.metrics import exposition
from common.telemetry.settings import TraceSettings
from common.telemetry.traces import configure_traces, continued, is_tracing
from tests.integration.common.notes.graph import SCHEMA, NotesParts
from tests.integration.common.test_graph import somebody
from tests.integration.common.test_unit_of_work import titles

pytestmark = pytest.mark.stores

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """The spans that end while this process traces."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", provider)
    yield exporter
    provider.shutdown()


async def test_a_trace_reaches_from_the_caller_to_the_statement(
    spans: InMemorySpanExporter, app_url: str, resources: Resources
) -> None:
    database = Database(app_url, pool_size=1)
    own = Resources(database=database, hub=resources.hub, clock=resources.clock, cursors=resources.cursors)
    subgraph = Subgraph(name="notes", schema=SCHEMA, resources=own, parts=NotesParts())

    with continued({"traceparent": CALLER}):
        await subgraph.executor.execute("{ notes { nodes { title } } }", principal=somebody())

    ended = spans.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in ended if span.context} == {CALLER.split("-")[1]}
    assert ended[-1].name == "atrium.subgraph.notes"
    statement = next(s for s in ended if "notes.notes" in str((s.attributes or {}).get("db.query.text")))
    assert statement.name == "SELECT"
    await database.close()


async def test_a_failed_statement_is_a_failed_span(spans: InMemorySpanExporter, app_url: str) -> None:
    database = Database(app_url, pool_size=1, statement_timeout=timedelta(milliseconds=20))

    with pytest.raises(DatabaseBusy):
        async with database.unit_of_work(domain="notes", principal=somebody()) as work:
            await work.session.execute(text("select pg_sleep(5)"))

    assert [span.status.is_ok for span in spans.get_finished_spans()] == [True, False]
    await database.close()


async def test_without_an_endpoint_nothing_is_traced(database: Database) -> None:
    assert configure_traces("atrium", TraceSettings(endpoint=None)) is None
    assert not is_tracing()

    await titles(database, somebody())


def test_an_endpoint_without_the_extra_is_a_clear_error() -> None:
    with pytest.raises(SettingsError, match="otlp"):
        configure_traces("atrium", TraceSettings(endpoint="http://127.0.0.1:4318"))


async def test_operations_are_counted_by_their_outcome(resources: Resources) -> None:
    subgraph = Subgraph(name="counted", schema=SCHEMA, resources=resources, parts=NotesParts())

    await subgraph.executor.execute("{ greeting }", principal=somebody())
    await subgraph.executor.execute("{ nothing }", principal=somebody())

    shown = exposition().decode()
    for outcome in ("ok", "errors"):
        name = "atrium_subgraph_operation_duration_seconds_count"
        assert f'{name}{{outcome="{outcome}",subgraph="counted"}} 1.0' in shown
