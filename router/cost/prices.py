"""What a supergraph says of prices and list lengths: `@cost` and `@listSize`, by coordinate.

Without a word about it an object costs 1, a scalar or enum nothing, an input object 1, a mutation 10 on top.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from router.operation.model import OperationKind
from schema.document import model as document
from schema.document.values import NumberLiteral, Value
from schema.supergraph.features import read_features
from schema.supergraph.model import Supergraph

OBJECT, LEAF, INPUT_OBJECT = 1, 0, 1
BASE: Mapping[OperationKind, int] = {
    OperationKind.QUERY: 0,
    OperationKind.MUTATION: 10,
    OperationKind.SUBSCRIPTION: 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSize:
    """How long a list gets: one argument of `slicing` says it, or it is `assumed`.

    `sized`: not the field itself is the list, but these fields of what it gives. `slicing` are paths into
    arguments (`first`, `page.size`). `needs_one`: exactly one of them has to be given.
    """

    assumed: int | None = None
    slicing: tuple[tuple[str, ...], ...] = ()
    sized: frozenset[str] = frozenset()
    needs_one: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPrice:
    """One argument, or one field of an input object; `default` if it is a number."""

    weight: int | None
    type: str
    default: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPrice:
    """One field: what each of its values costs, without what is selected of it."""

    weight: int
    type: str
    list_depth: int = 0
    list_size: ListSize | None = None
    arguments: Mapping[str, InputPrice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """By coordinate (`Query.users`); of input objects, by type. `possible`: objects of composite types."""

    fields: Mapping[str, FieldPrice]
    inputs: Mapping[str, Mapping[str, InputPrice]]
    possible: Mapping[str, tuple[str, ...]]


def prices_of(supergraph: Supergraph) -> Prices:
    """What the supergraph says."""
    return _Reader(supergraph).read()


class _Reader:
    """Reads one supergraph; exists only while reading."""

    def __init__(self, supergraph: Supergraph) -> None:
        features = read_features(supergraph.document)
        self._supergraph = supergraph
        self._cost = features.directive("cost", "cost")
        self._list_size = features.directive("cost", "listSize")

    def read(self) -> Prices:
        fields: dict[str, FieldPrice] = {}
        inputs: dict[str, Mapping[str, InputPrice]] = {}
        for type_ in self._supergraph.document.types.values():
            match type_:
                case document.ObjectType() | document.InterfaceType():
                    for field in type_.fields.values():
                        fields[f"{type_.name}.{field.name}"] = self._field(type_, field)
                case document.InputType():
                    inputs[type_.name] = self._inputs(type_.fields)
                case _:
                    pass
        return Prices(fields=fields, inputs=inputs, possible=self._supergraph.possible_types)

    def _field(
        self, parent: document.ObjectType | document.InterfaceType, field: document.Field
    ) -> FieldPrice:
        name, depth = _named(str(field.type))
        weight = self._weight(field.directives)
        if weight is None and isinstance(parent, document.InterfaceType):
            weight = self._dearest(parent.name, field.name)
        return FieldPrice(
            weight=self._weight_of_type(name) if weight is None else weight,
            type=name,
            list_depth=depth,
            list_size=self._size(field.directives),
            arguments=self._inputs(field.arguments),
        )

    def _dearest(self, interface: str, field: str) -> int | None:
        """A price cannot stand on an interface: whatever implements it may come."""
        found = [
            weight
            for name in self._supergraph.possible_types.get(interface, ())
            if (weight := self._weight(self._directives(name, field))) is not None
        ]
        return max(found, default=None)

    def _directives(self, name: str, field: str) -> tuple[document.Directive, ...]:
        type_ = self._supergraph.document.types.get(name)
        if isinstance(type_, document.ObjectType) and field in type_.fields:
            return type_.fields[field].directives
        return ()

    def _weight_of_type(self, name: str) -> int:
        type_ = self._supergraph.document.types.get(name)
        match type_:
            case document.ObjectType():
                return self._own(type_, OBJECT)
            case document.InterfaceType() | document.UnionType():
                members = self._supergraph.possible_types.get(name, ())
                return max((self._weight_of_type(member) for member in members), default=OBJECT)
            case document.EnumType() | document.ScalarType():
                return self._own(type_, LEAF)
            case _:
                return LEAF

    def _own(self, type_: document.Type, usual: int) -> int:
        weight = self._weight(type_.directives)
        return usual if weight is None else weight

    def _inputs(self, inputs: Mapping[str, document.InputValue]) -> Mapping[str, InputPrice]:
        return {
            name: InputPrice(
                weight=self._weight(entry.directives),
                type=_named(str(entry.type))[0],
                default=_number(entry.default),
            )
            for name, entry in inputs.items()
        }

    def _weight(self, directives: Iterable[document.Directive]) -> int | None:
        for use in directives:
            if use.name == self._cost:
                return _number(use.arguments.get("weight"))
        return None

    def _size(self, directives: Iterable[document.Directive]) -> ListSize | None:
        for use in directives:
            if use.name == self._list_size:
                given = use.arguments
                return ListSize(
                    assumed=_number(given.get("assumedSize")),
                    slicing=tuple(tuple(path.split(".")) for path in _texts(given.get("slicingArguments"))),
                    sized=frozenset(_texts(given.get("sizedFields"))),
                    needs_one=given.get("requireOneSlicingArgument") is not False,
                )
        return None


def _named(text: str) -> tuple[str, int]:
    """`[User!]!` is User, in one list."""
    return text.strip("[]!"), text.count("[")


def _number(value: Value | None) -> int | None:
    return int(float(value.text)) if isinstance(value, NumberLiteral) else None


def _texts(value: Value | None) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, tuple) else ()
