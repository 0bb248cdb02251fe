"""Random data behind any schema: every value follows from a seed and the place where it stands."""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_abstract_type,
    is_object_type,
)


@dataclass(frozen=True)
class Thing:
    """One object of the data."""

    seed: str
    typename: str


def resolve_anything(null_in: int = 6, extra_enum_values: tuple[str, ...] = ()) -> Any:
    """A field resolver for graphql-core: about one value in `null_in` is null, even where none may be."""

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        seed = source.seed if isinstance(source, Thing) else str(source)
        given = "".join(f"{key}={arguments[key]}" for key in sorted(arguments))
        return value_of(f"{seed}/{info.field_name}({given})", info.return_type, info)

    def value_of(seed: str, declared: GraphQLOutputType, info: GraphQLResolveInfo[Any]) -> Any:
        number = _number(seed)
        if isinstance(declared, GraphQLNonNull):
            return value_of(seed, declared.of_type, info)
        if null_in and number % null_in == 0:
            return None
        number //= null_in or 1
        if isinstance(declared, GraphQLList):
            return [value_of(f"{seed}/{index}", declared.of_type, info) for index in range(number % 4)]
        if isinstance(declared, GraphQLEnumType):
            values = [*sorted(declared.values), *extra_enum_values]
            return values[number % len(values)]
        if is_abstract_type(declared):
            possible = sorted(each.name for each in info.schema.get_possible_types(declared))
            return Thing(seed, possible[number % len(possible)])
        if is_object_type(declared):
            return Thing(seed, declared.name)
        return _scalar(str(declared), number)

    return resolve


def runtime_type(value: Any, info: Any, declared: Any) -> str:
    """The type resolver that belongs to `resolve_anything`."""
    return str(value.typename)


def _scalar(name: str, number: int) -> Any:
    match name:
        case "Int":
            return number % 1000
        case "Float":
            return number % 1000 / 8
        case "Boolean":
            return number % 2 == 0
        case _:
            return f"{name} {number % 1000}"


def _number(seed: str) -> int:
    return int.from_bytes(blake2b(seed.encode(), digest_size=6).digest())
