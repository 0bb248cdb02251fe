"""Field sets of directives → what a representation holds, with the keys the values have in the response."""

from collections.abc import Iterable

from router.operation.model import Argument
from router.plan.nodes import RequiredField
from router.planner.response_keys import Place, ResponseKeys
from schema.supergraph.field_set import FieldPart, FieldSet
from schema.supergraph.model import InterfaceType, ObjectType, Supergraph


def required_fields(
    field_sets: Iterable[FieldSet], type_name: str, at: Place, supergraph: Supergraph, keys: ResponseKeys
) -> tuple[RequiredField, ...]:
    """All fields that the sets name, merged, for objects of a type at a place in the response."""
    parts = tuple(part for field_set in field_sets for part in field_set)
    return _Spelling(supergraph, keys).fields(parts, type_name, at, None)


class _Spelling:
    def __init__(self, supergraph: Supergraph, keys: ResponseKeys) -> None:
        self._supergraph = supergraph
        self._keys = keys

    def fields(
        self, parts: FieldSet, type_name: str, at: Place, only: frozenset[str] | None
    ) -> tuple[RequiredField, ...]:
        """The parts as required fields; `only` limits them to some object types."""
        found: dict[tuple[str, frozenset[str] | None], RequiredField] = {}
        for part in parts:
            if isinstance(part, FieldPart):
                fields = self._fields(part, type_name, at, only)
            else:
                narrowed = self._keys.types_of(part.type_condition)
                narrowed = narrowed if only is None else narrowed & only
                covers_all = self._keys.types_of(type_name) <= narrowed
                inner = only if covers_all else narrowed
                fields = self.fields(part.selections, part.type_condition, at, inner)
            for field in fields:
                key = (field.name, field.on_types)
                found[key] = _joined(found[key], field) if key in found else field
        return tuple(found.values())

    def _fields(
        self, part: FieldPart, type_name: str, at: Place, only: frozenset[str] | None
    ) -> tuple[RequiredField, ...]:
        """One field; several if it stands under different keys for different object types."""
        arguments = tuple(Argument(name=name, value=value) for name, value in part.arguments)
        types = self._keys.types_of(type_name)
        by_key: dict[str, set[str]] = {}
        for member in sorted(types if only is None else types & only):
            key = self._keys.key_for(at, member, part.name, part.name, arguments)
            by_key.setdefault(key, set()).add(member)
        if len(by_key) < 2:
            return tuple(self._field(part, key, type_name, at, only) for key in by_key)
        return tuple(
            self._field(part, key, type_name, at, frozenset(members)) for key, members in by_key.items()
        )

    def _field(
        self, part: FieldPart, key: str, type_name: str, at: Place, only: frozenset[str] | None
    ) -> RequiredField:
        selections: tuple[RequiredField, ...] = ()
        if part.selections:
            inner = self._type_of(type_name, part.name)
            selections = self.fields(part.selections, inner, (*at, key), None)
            if inner not in self._keys.types_of(inner):
                selections = (RequiredField(key="__typename", name="__typename"), *selections)
        return RequiredField(key=key, name=part.name, selections=selections, on_types=only)

    def _type_of(self, type_name: str, field: str) -> str:
        known = self._supergraph.types[type_name]
        assert isinstance(known, ObjectType | InterfaceType)
        return known.fields[field].type.name


def _joined(one: RequiredField, other: RequiredField) -> RequiredField:
    known = {(field.name, field.on_types): field for field in one.selections}
    for field in other.selections:
        key = (field.name, field.on_types)
        known[key] = _joined(known[key], field) if key in known else field
    return RequiredField(key=one.key, name=one.name, selections=tuple(known.values()), on_types=one.on_types)
