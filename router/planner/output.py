"""What one step asks for: a tree of fields, filled while the plan is built.

Every field remembers under which conditions it is used: a list of alternatives, each a set that must hold.
"""

from collections.abc import Iterator

from router.operation.model import Argument, Condition
from schema.query_graph.model import NodeKind
from schema.supergraph.model import TypeRef

Holds = frozenset[Condition]
ALWAYS: Holds = frozenset()


class Uses:
    """Alternatives of conditions; one that follows from another is not kept."""

    __slots__ = ("alternatives",)

    def __init__(self) -> None:
        self.alternatives: list[Holds] = []

    def add(self, holds: Holds) -> None:
        """One more use, under these conditions."""
        if any(known <= holds for known in self.alternatives):
            return
        self.alternatives = [known for known in self.alternatives if not holds <= known]
        self.alternatives.append(holds)

    def absorb(self, other: "Uses") -> None:
        """All uses of another place as well."""
        for holds in other.alternatives:
            self.add(holds)

    @property
    def common(self) -> Holds:
        """What holds in every use."""
        if not self.alternatives:
            return ALWAYS
        return frozenset.intersection(*self.alternatives)


class OutputField:
    """One field of an output; `below` is None for a leaf."""

    __slots__ = ("arguments", "below", "name", "response_key", "type", "uses")

    def __init__(
        self,
        *,
        name: str,
        response_key: str,
        arguments: tuple[Argument, ...],
        type_ref: TypeRef,
        below: "Output | None",
    ) -> None:
        self.name = name
        self.response_key = response_key
        self.arguments = arguments
        self.type = type_ref
        self.below = below
        self.uses = Uses()

    @property
    def key(self) -> tuple[object, ...]:
        """Fields with the same key are one field."""
        return (self.response_key, self.name, self.arguments)


class Output:
    """What is asked of values of one type at one place.

    `kind` is what the subgraph takes the type for: an interface object's `__typename` would be a lie.
    """

    __slots__ = ("fields", "fragments", "is_kept", "kind", "type_name", "wants_typename")

    def __init__(self, type_name: str, kind: NodeKind) -> None:
        self.type_name = type_name
        self.kind = kind
        self.wants_typename = kind in (NodeKind.INTERFACE, NodeKind.UNION)
        self.is_kept = False
        self.fields: dict[tuple[object, ...], OutputField] = {}
        self.fragments: dict[str, Output] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nobody wants anything of it."""
        return not self.is_kept and not self.fields and all(f.is_empty for f in self.fragments.values())

    def absorb(self, other: "Output") -> None:
        """Everything that another output asks of the same values as well."""
        self.wants_typename |= other.wants_typename
        self.is_kept |= other.is_kept
        for key, field in other.fields.items():
            known = self.fields.get(key)
            if known is None:
                self.fields[key] = field
                continue
            known.uses.absorb(field.uses)
            if known.below is not None and field.below is not None:
                known.below.absorb(field.below)
        for type_name, fragment in other.fragments.items():
            mine = self.fragments.get(type_name)
            if mine is None:
                self.fragments[type_name] = fragment
            else:
                mine.absorb(fragment)

    def all_fields(self) -> Iterator[OutputField]:
        """Every field on all levels."""
        for field in self.fields.values():
            yield field
            if field.below is not None:
                yield from field.below.all_fields()
        for fragment in self.fragments.values():
            yield from fragment.all_fields()
