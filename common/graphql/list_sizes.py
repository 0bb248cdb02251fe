"""What every connection says of its length to routers that estimate costs: `@listSize`."""

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLNamedType, get_named_type, is_interface_type, is_object_type
from strawberry.federation.schema_directives import ListSize

from common.db.pages import DEFAULT_SIZE

_FIELD = "strawberry-definition"
_SIZE = ListSize(
    assumed_size=DEFAULT_SIZE,
    slicing_arguments=["first"],
    sized_fields=["edges", "nodes"],
    require_one_slicing_argument=False,
)


def say_list_sizes(types: Iterable[GraphQLNamedType | None]) -> None:
    """Let each field that gives a connection say how long it gets, wherever these types lead."""
    waiting, seen = [each for each in types if each is not None], set[str]()
    while waiting:
        type_: Any = waiting.pop()
        if type_.name in seen or not (is_object_type(type_) or is_interface_type(type_)):
            waiting.extend(getattr(type_, "types", ()) if type_.name not in seen else ())
            seen.add(type_.name)
            continue
        seen.add(type_.name)
        for field in type_.fields.values():
            named = get_named_type(field.type)
            waiting.append(named)
            if named.name.endswith("Connection") and "first" in field.args:
                _say(field.extensions[_FIELD])


def _say(field: Any) -> None:
    if _SIZE not in field.directives:
        field.directives = [*field.directives, _SIZE]
