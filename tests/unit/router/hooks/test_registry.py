"""Hooks stand around a stage; a stage that none of them wants stays the function it was."""

from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from router.context import RequestContext
from router.errors import BadRequest, Forbidden
from router.hooks.protocol import Around, Hook, Stage
from router.hooks.registry import hooked
from router.hooks.tracing import Tracing
from router.subgraph_client.headers import HeaderPolicy

SEEN: list[str] = []


async def double(number: int) -> int:
    SEEN.append("stage")
    if number < 0:
        raise BadRequest("negative")
    return 2 * number


class Noting(Hook):
    """Writes down when it is entered and left, and with what."""

    stages = frozenset({Stage.PLAN})

    def __init__(self, name: str) -> None:
        self.name = name

    async def around(self, stage: Stage, subject: object) -> Around:
        SEEN.append(f"{self.name} in {stage} {subject}")
        try:
            result = yield
        except BadRequest as error:
            SEEN.append(f"{self.name} out {error.code}")
            raise
        SEEN.append(f"{self.name} out {result}")


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    SEEN.clear()


async def test_hooks_are_entered_in_order_and_left_in_reverse() -> None:
    stage = hooked(Stage.PLAN, double, [Noting("a"), Noting("b")])

    assert await stage(3) == 6
    assert SEEN == ["a in plan 3", "b in plan 3", "stage", "b out 6", "a out 6"]


async def test_a_stage_nobody_wants_stays_the_plain_function() -> None:
    assert hooked(Stage.PARSE, double, [Noting("a")]) is double
    assert hooked(Stage.PLAN, double, []) is double


async def test_hooks_see_the_error_of_their_stage() -> None:
    stage = hooked(Stage.PLAN, double, [Noting("a"), Noting("b")])

    with pytest.raises(BadRequest):
        await stage(-1)

    assert SEEN[-2:] == ["b out BAD_REQUEST", "a out BAD_REQUEST"]


class Refusing(Hook):
    """Ends the request before or after the stage."""

    stages = frozenset({Stage.PLAN})

    def __init__(self, *, is_early: bool) -> None:
        self.is_early = is_early

    async def around(self, stage: Stage, subject: object) -> Around:
        if self.is_early:
            raise Forbidden("early")
        yield
        raise Forbidden("late")


@pytest.mark.parametrize(("is_early", "seen"), [(True, []), (False, ["stage"])])
async def test_a_hook_may_end_the_request(is_early: bool, seen: list[str]) -> None:
    stage = hooked(Stage.PLAN, double, [Refusing(is_early=is_early)])

    with pytest.raises(Forbidden):
        await stage(1)

    assert seen == SEEN


class Swallowing(Hook):
    """Tries to hide an error."""

    stages = frozenset({Stage.PLAN})

    async def around(self, stage: Stage, subject: object) -> Around:
        try:
            yield
        except BadRequest:
            return


async def test_a_hook_cannot_hide_an_error() -> None:
    with pytest.raises(BadRequest):
        await hooked(Stage.PLAN, double, [Swallowing()])(-1)


@dataclass
class Came:
    """A request as far as tracing looks at it."""

    number: int
    headers: dict[str, str]


async def test_every_stage_can_be_traced() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider.get_tracer("test"))
    inner = hooked(Stage.AUTHORISE, double, [tracing])

    async def request(came: Came) -> int:
        sent.append(HeaderPolicy().headers_for("s", RequestContext(request_id="r", deadline=0.0), b""))
        return await inner(came.number)

    sent: list[dict[str, str]] = []
    caller = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    await hooked(Stage.REQUEST, request, [tracing])(Came(1, caller))
    with pytest.raises(BadRequest):
        await hooked(Stage.REQUEST, request, [tracing])(Came(-1, {}))

    spans: list[Any] = list(exporter.get_finished_spans())
    assert [span.name for span in spans] == [
        "atrium.router.authorise",
        "GraphQL Operation",
        "atrium.router.authorise",
        "GraphQL Operation",
    ]
    assert spans[0].parent.span_id == spans[1].context.span_id
    assert format(spans[1].parent.span_id, "x") == "b" * 16
    assert sent[0]["traceparent"] == f"00-{'a' * 32}-{spans[1].context.span_id:016x}-01"
    assert spans[2].attributes == {"error.type": "BAD_REQUEST"}
