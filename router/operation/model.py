"""A normalised client operation: fragments inlined, fields merged, literal conditions decided.

Everything is frozen and hashable, so that operations key caches and are shared between requests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class OperationKind(StrEnum):
    """The three root operation types of GraphQL (spec §2.3)."""

    QUERY = "query"
    MUTATION = "mutation"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A boolean client variable which must have `wanted` for a selection to take part."""

    variable: str
    wanted: bool


Conditions = tuple[Condition, ...]
"""All must hold. Sorted, without duplicates: `@include(if: $a) @skip(if: $b)` is (a is true, b is false)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument as canonical GraphQL text, so that equal arguments compare equal."""

    name: str
    value: str
    variables: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """`@stream` on a field. `condition` is the variable that decides whether it counts, None: it does.

    `initial_count` is how many items come at once: a number, or the name of a variable.
    """

    label: str | None
    condition: str | None
    initial_count: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of one parent type. `selections` is None for a leaf, empty where everything was dropped.

    A selection set may hold the same response key twice under different conditions: both count.
    """

    name: str
    response_key: str
    arguments: tuple[Argument, ...] = ()
    conditions: Conditions = ()
    selections: "SelectionSet | None" = None
    stream: Stream | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineFragment:
    """Selections for another type than the parent, which some values of the parent have.

    Normalisation hands a fragment's conditions down to its fields, so `conditions` is empty in a client's
    operation.
    """

    type_condition: str
    conditions: Conditions = ()
    selections: "SelectionSet"


Selection = Field | InlineFragment


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionSet:
    """What is asked of values of `parent_type`, in the order of the response."""

    parent_type: str
    items: tuple[Selection, ...] = ()

    def __iter__(self) -> Iterator[Selection]:
        return iter(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableDefinition:
    """A variable as the client declared it; `type` and `default` are canonical GraphQL text."""

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """One use of `@defer` at one place of an operation.

    `parent` is the deferral around it, whose id is smaller. `condition` is the variable that decides whether
    anything is deferred, None: it always is. `depth` is how many fields are around the deferred selections.
    """

    id: int
    parent: int | None
    label: str | None
    condition: str | None
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step into an answer: the key, for objects of some `types` only (None: of all)."""

    key: str
    types: frozenset[str] | None = None
    conditions: Conditions = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A field that the caller may not see: its coordinate, and the way to it from the root."""

    at: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The chosen operation of a document, ready to be planned and projected.

    Introspection (`__schema`, `__type`) stays in `selections`; the planner leaves it out and the
    projection answers it from the API schema. `__typename` stays a field like any other. `deferrals` are
    there only if the answer may come in parts; their fields carry marks (operation/deferral.py). `withheld`
    is what was left out of `selections`, and stands in the answer as null.
    """

    kind: OperationKind
    name: str | None
    variables: tuple[VariableDefinition, ...]
    selections: SelectionSet
    deferrals: tuple[Deferral, ...] = ()
    has_streams: bool = False
    withheld: tuple[Withheld, ...] = ()

    @property
    def is_in_parts(self) -> bool:
        """Whether its answer may be more than one part."""
        return bool(self.deferrals) or self.has_streams
