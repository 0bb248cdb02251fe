"""Rules on how types are put together: mutations, connections, lists, ids, and what nothing leads to."""

from collections.abc import Iterator
from itertools import pairwise

from schema.document.model import (
    EnumType,
    Field,
    InputType,
    InterfaceType,
    ObjectType,
    ScalarType,
    Type,
    UnionType,
)
from schema.document.values import ListOf, NonNull, TypeRef, base_name, nullable
from schema.lint.finding import Document, Found, has

Composite = ObjectType | InterfaceType


def mutation_input(document: Document) -> Iterator[Found]:
    """A mutation takes one argument, `input`, of a type of its own."""
    for type_, field in document.root_fields("mutation"):
        wanted = f"{_title(field.name)}Input"
        given = list(field.arguments.values())
        is_one = len(given) == 1 and given[0].name == "input" and str(nullable(given[0].type)) == wanted
        if given and not is_one:
            yield _of(type_, field, f"Take one argument: input: {wanted}!.")


def mutation_payload(document: Document) -> Iterator[Found]:
    """A mutation answers with a type of its own, which can grow."""
    for type_, field in document.root_fields("mutation"):
        wanted = (f"{_title(field.name)}Payload", f"{_title(field.name)}Result")
        if str(nullable(field.type)) not in wanted:
            yield _of(type_, field, f"Answer with {wanted[0]}, not {field.type}.")


def payload_errors(document: Document) -> Iterator[Found]:
    """A payload tells what was wrong with the input in `errors`."""
    for type_ in document.composites():
        if type_.name.endswith("Payload"):
            errors = type_.fields.get("errors")
            if errors is None or not isinstance(nullable(errors.type), ListOf):
                message = "Give it errors: [...!]!, empty when nothing was wrong."
                yield Found(coordinate=type_.name, message=message, place=type_.place)


def relay_connection(document: Document) -> Iterator[Found]:
    """A connection has edges and pageInfo (https://relay.dev/graphql/connections.htm)."""
    for type_ in document.composites():
        edges, page = type_.fields.get("edges"), type_.fields.get("pageInfo")
        if type_.name.endswith("Connection"):
            if edges is None or not isinstance(nullable(edges.type), ListOf):
                yield _missing(type_, f"edges: [{type_.name.removesuffix('Connection')}Edge!]!")
            if page is None or str(page.type) != "PageInfo!":
                yield _missing(type_, "pageInfo: PageInfo!")
        elif edges is not None and page is not None:
            message = f"It is a connection: call it {type_.name}Connection."
            yield Found(coordinate=type_.name, message=message, place=type_.place)


def relay_edge(document: Document) -> Iterator[Found]:
    """An edge has a node and a cursor."""
    for type_ in document.composites():
        if type_.name.endswith("Edge"):
            if "node" not in type_.fields:
                yield _missing(type_, f"node: {type_.name.removesuffix('Edge') or 'Node'}!")
            cursor = type_.fields.get("cursor")
            if cursor is None or isinstance(nullable(cursor.type), ListOf):
                yield _missing(type_, "cursor: String!")


def relay_page_info(document: Document) -> Iterator[Found]:
    """PageInfo has the four fields that clients know."""
    wanted = {"hasNextPage": "Boolean!", "hasPreviousPage": "Boolean!", "startCursor": "", "endCursor": ""}
    for type_ in document.composites():
        for name, kind in wanted.items() if type_.name == "PageInfo" else ():
            field = type_.fields.get(name)
            if field is None or (kind and str(field.type) != kind):
                yield _missing(type_, f"{name}: {kind or 'String'}")


def relay_arguments(document: Document) -> Iterator[Found]:
    """A field that gives a connection can be paged: first and after, or last and before."""
    for type_, field in document.fields():
        if base_name(field.type).endswith("Connection"):
            pairs = ({"first", "after"}, {"last", "before"})
            if not any(pair <= field.arguments.keys() for pair in pairs):
                yield _of(type_, field, "Take first: Int, after: String (or last and before).")


def id_type(document: Document) -> Iterator[Found]:
    """What identifies something is `id: ID!`."""
    for type_, field in document.fields():
        if field.name == "id" and str(field.type) != "ID!":
            yield _of(type_, field, f"Make it ID!, not {field.type}.")


def list_items_non_null(document: Document) -> Iterator[Found]:
    """Lists hold no null."""
    for type_, field in document.fields():
        if _may_hold_null(field.type):
            yield _of(type_, field, f"Write [{base_name(field.type)}!]: {field.type} may hold null.")


def _may_hold_null(ref: TypeRef) -> bool:
    bare = nullable(ref)
    while isinstance(bare, ListOf):
        if not isinstance(bare.of, NonNull):
            return True
        bare = bare.of.of
    return False


def interface_implemented(document: Document) -> Iterator[Found]:
    """An interface has an implementation."""
    implemented = {name for type_ in document.composites() for name in type_.interfaces}
    for type_ in document.composites():
        is_alone = isinstance(type_, InterfaceType) and type_.name not in implemented
        if is_alone and not has(type_, "key") and not type_.is_extension:
            message = "Nothing implements the interface: remove it, or implement it."
            yield Found(coordinate=type_.name, message=message, place=type_.place)


def scalar_specified(document: Document) -> Iterator[Found]:
    """A scalar says what its text looks like."""
    for type_ in document.types.values():
        is_specified = any(use.name == "specifiedBy" for use in type_.directives)
        if isinstance(type_, ScalarType) and not is_specified:
            message = "Say what its text looks like: @specifiedBy(url: ...)."
            yield Found(coordinate=type_.name, message=message, place=type_.place)


def fields_sorted(document: Document) -> Iterator[Found]:
    """Fields stand in the order of the alphabet."""
    for type_ in document.types.values():
        if isinstance(type_, ObjectType | InterfaceType | InputType):
            yield from _unsorted(type_, [name for name in type_.fields if not name.startswith("_")])


def enum_values_sorted(document: Document) -> Iterator[Found]:
    """Enum values stand in the order of the alphabet."""
    for type_ in document.types.values():
        if isinstance(type_, EnumType):
            yield from _unsorted(type_, list(type_.values))


def _unsorted(type_: Type, names: list[str]) -> Iterator[Found]:
    for before, after in pairwise(names):
        if after < before:
            message = f"Put {after} before {before}: they stand in the order of the alphabet."
            yield Found(coordinate=type_.name, message=message, place=type_.place)
            return


def unused_type(document: Document) -> Iterator[Found]:
    """Something leads to every type."""
    reached = _reached(document)
    for type_ in document.types.values():
        if type_.name not in reached:
            message = "Nothing leads to the type: remove it, or use it."
            yield Found(coordinate=type_.name, message=message, place=type_.place)


def _reached(document: Document) -> set[str]:
    """The types that can be come to from the roots and entities.

    An implementation is reached with its interface, and an interface with any implementation.
    """
    waiting = [type_.name for type_ in document.types.values() if _is_entrance(document, type_)]
    waiting += [base_name(one.type) for at, one in document.arguments() if at.startswith("@")]
    implementations: dict[str, list[str]] = {}
    for composite in document.composites():
        for interface in composite.interfaces:
            implementations.setdefault(interface, []).append(composite.name)
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            type_ = document.schema.types.get(name)
            waiting += implementations.get(name, [])
            waiting += _neighbours(type_) if type_ else []
    return reached


def _is_entrance(document: Document, type_: Type) -> bool:
    return document.is_root(type_) or has(type_, "key") or type_.is_extension


def _neighbours(type_: Type) -> list[str]:
    match type_:
        case ObjectType() | InterfaceType():
            names = [*type_.interfaces]
            for field in type_.fields.values():
                names.append(base_name(field.type))
                names += (base_name(argument.type) for argument in field.arguments.values())
            return names
        case UnionType():
            return [*type_.members]
        case InputType():
            return [base_name(entry.type) for entry in type_.fields.values()]
        case EnumType() | ScalarType():
            return []


def _title(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}"


def _of(type_: Composite, field: Field, message: str) -> Found:
    return Found(coordinate=f"{type_.name}.{field.name}", message=message, place=field.place)


def _missing(type_: Composite, what: str) -> Found:
    return Found(coordinate=type_.name, message=f"Give it {what}.", place=type_.place)
