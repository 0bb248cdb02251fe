"""The query plan: a DAG of fetches. One plan serves every set of variable values.

A fetch is one operation sent to one subgraph. It may start when every fetch named in `after` has
ended (well or badly) and its conditions hold. There are no waves: a fetch waits for its own parents
and for nothing else.
"""

from dataclasses import dataclass

from router.operation.model import Conditions, OperationKind
from router.plan.paths import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredField:
    """One field of a representation.

    `key` is where the value stands in the response tree (an internal alias when two fetches disagree),
    `name` what the subgraph calls it. `selections` is empty for a leaf. `on_types` limits it to objects
    of these types (None: all), for keys that reach through abstract types.
    """

    key: str
    name: str
    selections: tuple["RequiredField", ...] = ()
    on_types: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """How to make one representation out of an object found at the path.

    `type` is the object type found in the data; None takes every object, also one without `__typename`
    (where the position has one static type, and below interface objects). `typename` is what is sent as
    `__typename`: another one where the subgraph knows the entity as an interface object, None for the
    object's own. `fields` never lists `__typename`; the nested selections of abstract values do.
    """

    type: str | None
    typename: str | None
    fields: tuple[RequiredField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputRewrite:
    """After the answer came: in objects at `path` of the answer (below the entity), move `alias` to `name`.

    Used where two fragments ask one response key with types that cannot be merged.
    """

    path: Path
    alias: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextVariable:
    """A variable whose value stands in an object around the entities (`@fromContext`).

    `depth` steps of the call's path lead to that object; `fields` are taken there, inwards to the one
    value: of several, the first that stands on the object's type.
    """

    variable: str
    depth: int
    fields: tuple[RequiredField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCall:
    """One use of `_entities` in a fetch: collects objects at `paths`, merges the answers back there.

    `alias` is the response key of the call in the subgraph's answer (`_entities`, or `_e0`, `_e1` when
    several calls share one request); `variable` holds its representations. An object whose type has no
    entry in `representations`, or that lacks a required field, is left out; a null one is sent as null.
    With `contexts` the call is alone in its fetch and has one path; objects whose contexts differ are asked
    for in requests of their own.
    """

    alias: str
    variable: str
    paths: tuple[Path, ...]
    representations: tuple[Representation, ...]
    rewrites: tuple[OutputRewrite, ...] = ()
    contexts: tuple[ContextVariable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One reason to fetch: under these conditions these deferrals (by id, each with those around it).

    Without any deferral left, because the client's variables call them off, it is for the first answer.
    """

    conditions: Conditions
    deferrals: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedList:
    """A list in the answer to a fetch whose items the subgraph may hand over after the rest of the answer.

    `call` is the alias of the entity call that it is of, empty in a root fetch. `keys` lead to it from each
    entity, or from the root of the answer, through every item of the lists on the way.
    """

    call: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request to one subgraph.

    `document` is minified and constant. `variables` are the client variables it uses, by name.
    Without `calls` it is a root fetch whose data is merged at `path`: at the root of the response tree,
    or into every object there (a root type reached as a field); `rewrites` then apply to it. With calls
    every entity call fills its own part.
    `conditions`: run only when all hold. `needs` are empty if the first part of the answer always needs the
    fetch; otherwise it may come later. `streams` are lists that `document` asks for with `@stream`. `reason`:
    one sentence for `explain`.
    """

    id: int
    after: tuple[int, ...] = ()
    subgraph: str
    kind: OperationKind
    document: str
    operation_name: str | None = None
    variables: tuple[str, ...] = ()
    calls: tuple[EntityCall, ...] = ()
    path: Path = ()
    conditions: Conditions = ()
    rewrites: tuple[OutputRewrite, ...] = ()
    needs: tuple[Need, ...] = ()
    streams: tuple[StreamedList, ...] = ()
    cost: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every fetch an operation needs, ordered so that parents stand before children.

    For a subscription `fetches[0]` is the source stream; the others run once per event.
    A plan without fetches is answered by the router alone (introspection, `__typename`).
    """

    kind: OperationKind
    fetches: tuple[Fetch, ...]
