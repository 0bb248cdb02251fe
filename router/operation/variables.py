"""The client's variable values, checked and coerced by the types that the operation declares (spec §6.1.2).

Compiled once for an operation, run for every request. Refusals name the variable and the place in it, never
the value: passwords travel in variables.

Defaults of input object fields are left to the subgraphs, which have the same schema; only the defaults that
the operation itself declares are filled in here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    is_input_type,
    parse_const_value,
    parse_type,
    type_from_ast,
    value_from_ast_untyped,
)

from router.errors import BadUserInput, Problem
from router.operation.model import Operation, VariableDefinition

Json = Any
VariableCoercer = Callable[[Mapping[str, Json] | None], dict[str, Json]]
_Coerce = Callable[[Json], Json]

_MIN_INT, _MAX_INT = -(2**31), 2**31 - 1
_MAX_PROBLEMS = 20


class _Mismatch(Exception):
    """A value does not fit; `path` is filled from the inside out."""

    def __init__(self, expected: str, *inner: str | int) -> None:
        super().__init__(expected)
        self.expected = expected
        self.path: list[str | int] = list(inner)


def coerce(operation: Operation, values: Mapping[str, Json] | None, schema: GraphQLSchema) -> dict[str, Json]:
    """The variables as the plan needs them; raises BadUserInput with every variable that does not fit."""
    return variable_coercer(operation, schema)(values)


def variable_coercer(operation: Operation, schema: GraphQLSchema) -> VariableCoercer:
    """A function from the client's values to coerced ones; cache it beside the operation."""
    variables = [_Variable(definition, schema) for definition in operation.variables]

    def coerce_all(values: Mapping[str, Json] | None) -> dict[str, Json]:
        given = values or {}
        coerced: dict[str, Json] = {}
        problems: list[Problem] = []
        for variable in variables:
            problem = variable.fill(given, coerced)
            if problem is not None and len(problems) < _MAX_PROBLEMS:
                problems.append(problem)
        if problems:
            raise BadUserInput(problems[0].message, problems=problems)
        return coerced

    return coerce_all


class _Variable:
    """One declared variable, compiled."""

    __slots__ = ("coerce", "default", "definition", "has_default", "is_required")

    def __init__(self, definition: VariableDefinition, schema: GraphQLSchema) -> None:
        declared = type_from_ast(schema, parse_type(definition.type))
        assert declared is not None
        assert is_input_type(declared)
        self.definition = definition
        self.coerce = _Compiler().of(declared)
        self.has_default = definition.default is not None
        self.default = None
        if definition.default is not None:
            self.default = self.coerce(value_from_ast_untyped(parse_const_value(definition.default)))
        self.is_required = isinstance(declared, GraphQLNonNull) and not self.has_default

    def fill(self, given: Mapping[str, Json], coerced: dict[str, Json]) -> Problem | None:
        """Put the coerced value into `coerced`; the problem with it, if any."""
        name = self.definition.name
        if name not in given:
            if self.has_default:
                coerced[name] = self.default
            elif self.is_required:
                return self._problem(f"of type {self.definition.type} is required, but was not given", [])
            return None
        try:
            coerced[name] = self.coerce(given[name])
        except _Mismatch as mismatch:
            return self._problem(mismatch.expected, mismatch.path[::-1])
        except RecursionError:
            return self._problem("is nested too deep", [])
        return None

    def _problem(self, sentence: str, path: list[str | int]) -> Problem:
        name = self.definition.name
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        where = f' at "{name}{place}"' if path else ""
        return Problem(
            message=f'Variable "${name}"{where} {sentence}.',
            extensions={"variable": name, "variablePath": [name, *path]},
        )


class _Compiler:
    """Types to functions; input objects once each, since they may contain themselves."""

    def __init__(self) -> None:
        self._objects: dict[str, _Coerce] = {}

    def of(self, declared: GraphQLInputType) -> _Coerce:
        """The function that coerces values of this type."""
        match declared:
            case GraphQLNonNull():
                return _non_null(self.of(declared.of_type), str(declared))
            case GraphQLList():
                return _list(self.of(declared.of_type))
            case GraphQLInputObjectType():
                return self._object(declared)
            case GraphQLEnumType():
                return _enum(declared)
            case GraphQLScalarType():
                return _nullable(_SCALARS.get(declared.name, _as_it_is))
            case _:
                raise AssertionError(declared)

    def _object(self, declared: GraphQLInputObjectType) -> _Coerce:
        known = self._objects.get(declared.name)
        if known is not None:
            return known
        fields: dict[str, _Coerce] = {}
        required: list[str] = []

        def coerce_object(value: Json) -> Json:
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise _Mismatch(f"must be an object of type {declared.name}")
            coerced = {name: _inside(fields, declared, name, each) for name, each in value.items()}
            for name in required:
                if name not in coerced:
                    raise _Mismatch(f"must be given: {declared.name}.{name} is required", name)
            if declared.is_one_of and (len(coerced) != 1 or None in coerced.values()):
                raise _Mismatch(
                    f"must have exactly one field that is not null: {declared.name} is a @oneOf type"
                )
            return coerced

        self._objects[declared.name] = coerce_object
        for name, input_field in declared.fields.items():
            fields[name] = self.of(input_field.type)
            if isinstance(input_field.type, GraphQLNonNull) and not _has_default(input_field):
                required.append(name)
        return coerce_object


def _inside(fields: Mapping[str, _Coerce], declared: GraphQLInputObjectType, name: str, value: Json) -> Json:
    coerce_field = fields.get(name)
    if coerce_field is None:
        raise _Mismatch(f"is not a field of type {declared.name}", name)
    try:
        return coerce_field(value)
    except _Mismatch as mismatch:
        mismatch.path.append(name)
        raise


def _has_default(input_field: GraphQLInputField) -> bool:
    return input_field.default is not None or input_field.default_value is not Undefined


def _non_null(inner: _Coerce, shown: str) -> _Coerce:
    def coerce_non_null(value: Json) -> Json:
        if value is None:
            raise _Mismatch(f"must not be null: its type is {shown}")
        return inner(value)

    return coerce_non_null


def _nullable(inner: _Coerce) -> _Coerce:
    return lambda value: None if value is None else inner(value)


def _list(item: _Coerce) -> _Coerce:
    def coerce_list(value: Json) -> Json:
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            return [item(value)]
        coerced = []
        for index, each in enumerate(value):
            try:
                coerced.append(item(each))
            except _Mismatch as mismatch:
                mismatch.path.append(index)
                raise
        return coerced

    return coerce_list


def _enum(declared: GraphQLEnumType) -> _Coerce:
    names = frozenset(declared.values)

    def coerce_enum(value: Json) -> Json:
        if value is None:
            return None
        if not isinstance(value, str) or value not in names:
            raise _Mismatch(f"must be a value of the enum {declared.name}")
        return value

    return coerce_enum


def _integer(value: Json) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not _MIN_INT <= value <= _MAX_INT:
        raise _Mismatch("must be an Int (32 bit)")
    return value


def _float(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        raise _Mismatch("must be a Float")
    return value


def _string(value: Json) -> str:
    if not isinstance(value, str):
        raise _Mismatch("must be a String")
    return value


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise _Mismatch("must be a Boolean")
    return value


def _id(value: Json) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Mismatch("must be an ID")
    return str(value)


def _as_it_is(value: Json) -> Json:
    """Custom scalars: only their subgraphs know what they may be."""
    return value


_SCALARS: Mapping[str, _Coerce] = {
    "Int": _integer,
    "Float": _float,
    "String": _string,
    "Boolean": _boolean,
    "ID": _id,
}
