"""What the stages hand to each other."""

from collections.abc import Mapping
from dataclasses import field
from itertools import count
from typing import Any

from graphql import DocumentNode

from common.values import value
from router.access.identity import Caller
from router.access.rules import Guarded
from router.compiled.programs import Programs
from router.context import RequestContext
from router.cost.costs import Pricing
from router.errors import ClientError
from router.executor.executor import PreparedPlan
from router.operation.model import Operation, Withheld
from router.operation.variables import VariableCoercer
from router.persisted.library import Registered
from router.pipeline.explained import Record
from router.pipeline.feeds import Source
from router.projection.deferred import PartsShape
from router.projection.shape import Shape
from router.snapshot.build import Snapshot
from router.wire.exchange import HeaderList
from router.wire.negotiate import ResponseMode
from router.wire.request import GraphQLRequest


@value
class Received:
    """A request that could be read. `refusal`: its credentials are wrong, which `authorise` answers.
    `registered`: the document that it names by an id; otherwise the request brings its text.

    Whoever `takes_parts` of an answer gets what the operation defers later than the rest.
    """

    request: GraphQLRequest
    context: RequestContext
    caller: Caller
    refusal: ClientError | None
    snapshot: Snapshot
    mode: ResponseMode
    record: Record | None = None
    registered: Registered | None = None
    takes_parts: bool = False


class Document:
    """A document of a client; its text keys the caches. A long one is read in the planner's process.

    `node` is what was read of another one, until somebody takes it to check it. It is not kept: a thousand
    syntax trees are a million objects, and while the collector looks through them all requests wait.
    """

    __slots__ = ("is_long", "node", "text")

    def __init__(self, text: str, node: DocumentNode | None) -> None:
        self.text = text
        self.node = node
        self.is_long = node is None

    def take(self) -> DocumentNode | None:
        """What was read, for the one who comes first."""
        node, self.node = self.node, None
        return node


@value
class Validated:
    """The chosen operation, normalised, and the values of its variables; `cost` if it was estimated.

    `guarded`: the rules that it touches, if there are any. `coerce`: makes the variables of the next.
    """

    operation: Operation
    fingerprint: str
    selections: int
    variables: Mapping[str, Any]
    cost: int | None = None
    pricing: Pricing | None = None
    guarded: Guarded | None = None
    coerce: VariableCoercer | None = None


@value
class Planned:
    """How to fetch, and how to print what was fetched; `programs` do both at once, None: they may not.

    `parts` are there if something is deferred: how to print what comes when. `withheld`: what is not fetched
    because the caller may not see it. `serial` tells plans apart even when one of them is gone.
    """

    plan: PreparedPlan
    shape: Shape
    selections: int
    programs: Programs | None = None
    parts: PartsShape | None = None
    withheld: tuple[Withheld, ...] = ()
    serial: int = field(default_factory=count().__next__, compare=False)

    def asks(self, subgraphs: frozenset[str]) -> bool:
        """Whether it may ask one of these."""
        return bool(subgraphs) and any(fetch.subgraph in subgraphs for fetch in self.plan.plan.fetches)


@value
class Answer:
    """Data and errors as the client may see them."""

    data: dict[str, Any] | None
    errors: tuple[Mapping[str, Any], ...] = ()
    extensions: Mapping[str, Any] | None = None


@value
class Streamed:
    """An answer over HTTP of more than one response or part, in their order.

    It `goes_on` as long as there are events, or else comes to its end by the deadline of its request.
    `asked_with`: the headers of the request.
    """

    mode: ResponseMode
    source: Source
    goes_on: bool
    caller: Caller
    asked_with: Mapping[str, str]
    headers: HeaderList
    request_id: str
