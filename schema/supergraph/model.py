"""The supergraph as a frozen value: every type and field, and what each subgraph knows of it.

Subgraphs are named as in `@join__graph(name:)`, never by their enum value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from schema.document.model import Schema
from schema.supergraph.field_set import FieldSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """One subgraph: its name and the address it is reached at (may be empty).

    It `streams` if it can be asked with `@stream`.
    """

    name: str
    url: str
    streams: bool = False


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type as written where it is used: `[User!]!` has name `User` and list depth 1."""

    name: str
    text: str
    list_depth: int = 0

    @property
    def is_non_null(self) -> bool:
        """Whether the outermost type is non-null."""
        return self.text.endswith("!")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may see a type or field: `@authenticated`, `@requiresScopes`, `@policy`.

    Scopes and policies are alternatives of conjunctions: any inner tuple suffices, all of it is needed.
    """

    authenticated: bool = False
    scopes: tuple[tuple[str, ...], ...] = ()
    policies: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputValue:
    """An argument or a field of an input type; `default` is GraphQL text."""

    name: str
    type: TypeRef
    default: str | None = None
    is_inaccessible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextArgument:
    """An argument which the router fills from an enclosing object (`@fromContext`)."""

    name: str
    type: TypeRef
    context: str
    selection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInSubgraph:
    """What one subgraph says of a field. `type` may be narrower or wider than the supergraph's.

    `override` names the subgraph that the field was taken from, `override_label` under which condition.
    An external field is known but resolved elsewhere, except below a field which provides it.
    """

    subgraph: str
    type: TypeRef
    requires: FieldSet = ()
    provides: FieldSet = ()
    is_external: bool = False
    override: str | None = None
    override_label: str | None = None
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an object or interface. `sources` has an entry per subgraph that defines it.

    Without sources it comes only through an interface object.
    """

    name: str
    type: TypeRef
    arguments: Mapping[str, InputValue] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, FieldInSubgraph]
    is_inaccessible: bool = False
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A way to identify an entity; only a resolvable one lets the router jump to that subgraph."""

    fields: FieldSet
    is_resolvable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeInSubgraph:
    """What one subgraph says of a type. `interfaces` are those it implements there."""

    subgraph: str
    keys: tuple[Key, ...] = ()
    interfaces: frozenset[str] = frozenset()
    is_interface_object: bool = False
    is_extension: bool = False
    contexts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarType:
    """A scalar."""

    name: str
    sources: Mapping[str, TypeInSubgraph]
    is_inaccessible: bool = False
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumValue:
    """One value of an enum and the subgraphs which know it."""

    name: str
    subgraphs: frozenset[str]
    is_inaccessible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumType:
    """An enum."""

    name: str
    sources: Mapping[str, TypeInSubgraph]
    values: Mapping[str, EnumValue]
    is_inaccessible: bool = False
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputObjectType:
    """An input type."""

    name: str
    sources: Mapping[str, TypeInSubgraph]
    fields: Mapping[str, InputValue]
    is_inaccessible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object type; `interfaces` are those of the whole supergraph."""

    name: str
    sources: Mapping[str, TypeInSubgraph]
    fields: Mapping[str, Field]
    interfaces: frozenset[str] = frozenset()
    is_inaccessible: bool = False
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceType:
    """An interface; in some subgraphs it may stand as an object (`is_interface_object`)."""

    name: str
    sources: Mapping[str, TypeInSubgraph]
    fields: Mapping[str, Field]
    interfaces: frozenset[str] = frozenset()
    is_inaccessible: bool = False
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionType:
    """A union. `members` are the supergraph's, `members_in` those each subgraph knows."""

    name: str
    sources: Mapping[str, TypeInSubgraph]
    members: tuple[str, ...]
    members_in: Mapping[str, frozenset[str]]
    is_inaccessible: bool = False


CompositeType = ObjectType | InterfaceType | UnionType
LeafType = ScalarType | EnumType
NamedType = CompositeType | LeafType | InputObjectType


@dataclass(frozen=True, slots=True, kw_only=True)
class Supergraph:
    """Everything the router knows of its subgraphs.

    `roots` maps `query`, `mutation` and `subscription` to the name of the root type.
    `possible_types` maps every composite type to the object types a value of it can have, sorted.
    `override_labels` are all labels of progressive overrides. `document` is what it was read
    from.
    """

    subgraphs: Mapping[str, Subgraph]
    types: Mapping[str, NamedType]
    roots: Mapping[str, str]
    possible_types: Mapping[str, tuple[str, ...]]
    override_labels: frozenset[str]
    document: Schema = field(repr=False, compare=False)

    def composite(self, name: str) -> CompositeType | None:
        """The object, interface or union of this name."""
        found = self.types.get(name)
        return found if isinstance(found, ObjectType | InterfaceType | UnionType) else None

    def is_leaf(self, name: str) -> bool:
        """Whether the type has no selections."""
        return not isinstance(self.types.get(name), ObjectType | InterfaceType | UnionType)


class NotASupergraph(Exception):
    """The text cannot be used as a supergraph; says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This is not a supergraph: {reason}")
        self.reason = reason
