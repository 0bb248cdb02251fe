"""Does a constant fit the type it is given for?"""

from collections.abc import Iterable, Iterator, Mapping

from schema.document.model import Element, EnumType, InputType, InputValue, ScalarType, Schema
from schema.document.values import (
    EnumLiteral,
    ListOf,
    Named,
    NonNull,
    Null,
    NumberLiteral,
    TypeRef,
    Value,
    print_value,
)
from schema.errors import Code
from schema.findings import Findings
from schema.subgraph.model import Expanded

MAX_INT = 2**31


def check_defaults(subgraph: Expanded, findings: Findings) -> None:
    """Note default values that their own types do not allow."""
    for coordinate, element, problem in misfits(subgraph.every_element(), subgraph.schema):
        message = f'The default of "{coordinate}" does not fit `{element.type}`: {problem}.'
        findings.error(Code.INVALID_GRAPHQL, message, element.place)


def misfits(found: Iterable[tuple[str, Element]], schema: Schema) -> Iterator[tuple[str, InputValue, str]]:
    """Defaults that their own types do not allow, with where they stand and why not."""
    for coordinate, element in found:
        if not isinstance(element, InputValue) or element.default is None:
            continue
        if problem := misfit(element.default, element.type, schema):
            yield coordinate, element, problem


def misfit(value: Value, ref: TypeRef, schema: Schema) -> str:
    """Why the value is not one of the type; empty when it is."""
    match ref:
        case NonNull(of=inner):
            return "it cannot be null" if value is Null.NULL else misfit(value, inner, schema)
        case _ if value is Null.NULL:
            return ""
        case ListOf(of=inner):
            items = value if isinstance(value, tuple) else (value,)
            return next((problem for item in items if (problem := misfit(item, inner, schema))), "")
        case Named(name=name):
            return _misfit_named(value, name, schema)


def _misfit_named(value: Value, name: str, schema: Schema) -> str:
    match schema.types.get(name):
        case EnumType(values=values):
            if isinstance(value, EnumLiteral) and value.name in values:
                return ""
            return f'{print_value(value)} is no value of enum "{name}"'
        case InputType(fields=fields):
            return _misfit_input(value, name, fields, schema)
        case ScalarType():
            return ""
        case _:
            return "" if _fits_scalar(value, name) else f"{print_value(value)} is no {name}"


def _misfit_input(value: Value, name: str, fields: Mapping[str, InputValue], schema: Schema) -> str:
    if not isinstance(value, Mapping):
        return f'{print_value(value)} is no object of input type "{name}"'
    for key, item in value.items():
        if key not in fields:
            return f'input type "{name}" has no field "{key}"'
        if problem := misfit(item, fields[key].type, schema):
            return problem
    for key, entry in fields.items():
        if key not in value and isinstance(entry.type, NonNull) and entry.default is None:
            return f'field "{name}.{key}" is missing'
    return ""


def _fits_scalar(value: Value, name: str) -> bool:
    match name:
        case "String":
            return isinstance(value, str)
        case "Boolean":
            return isinstance(value, bool)
        case "Int":
            return (
                isinstance(value, NumberLiteral)
                and value.is_integer
                and len(value.text) < 12
                and -MAX_INT <= int(value.text) < MAX_INT
            )
        case "Float":
            return isinstance(value, NumberLiteral)
        case "ID":
            return isinstance(value, str) or (isinstance(value, NumberLiteral) and value.is_integer)
        case _:
            return True
