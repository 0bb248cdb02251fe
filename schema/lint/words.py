"""Rules on what is said beside the names: descriptions and deprecations."""

from collections.abc import Iterator

from schema.document.model import Element, EnumType, InputType, InputValue, ObjectType, Schema, Type, elements
from schema.document.values import NonNull, base_name
from schema.lint.finding import Document, Found, has


def type_description(document: Document) -> Iterator[Found]:
    """Types say what they are."""
    for type_ in document.types.values():
        is_elsewhere = type_.is_extension or document.is_root(type_) or _is_reference(type_)
        if not type_.description and not is_elsewhere:
            yield Found(coordinate=type_.name, message="Say what the type is.", place=type_.place)


def _is_reference(type_: Type) -> bool:
    """An entity of another subgraph that is only referred to here."""
    if not isinstance(type_, ObjectType):
        return False
    keys = [use for use in type_.directives if use.name in ("key", "federation__key")]
    return bool(keys) and (
        all(use.arguments.get("resolvable") is False for use in keys)
        or any(has(field, "external") for field in type_.fields.values())
    )


def field_description(document: Document) -> Iterator[Found]:
    """Fields say what they give."""
    for type_, field in document.fields():
        if not field.description and not (_is_reference(type_) and _is_key(type_, field.name)):
            at = f"{type_.name}.{field.name}"
            yield Found(coordinate=at, message="Say what the field gives.", place=field.place)


def _is_key(type_: Type, name: str) -> bool:
    return any(
        name in str(use.arguments.get("fields")).split()
        for use in type_.directives
        if use.name in ("key", "federation__key")
    )


def argument_description(document: Document) -> Iterator[Found]:
    """Arguments say what they do, unless their input type does."""
    for at, argument in document.arguments():
        type_ = document.types.get(base_name(argument.type))
        is_told_by_type = isinstance(type_, InputType) and bool(type_.description)
        if not argument.description and not is_told_by_type:
            yield Found(coordinate=at, message="Say what the argument does.", place=argument.place)


def input_field_description(document: Document) -> Iterator[Found]:
    """Fields of inputs say what they do."""
    for type_ in document.types.values():
        for entry in type_.fields.values() if isinstance(type_, InputType) else ():
            if not entry.description:
                at = f"{type_.name}.{entry.name}"
                yield Found(coordinate=at, message="Say what the input field does.", place=entry.place)


def enum_value_description(document: Document) -> Iterator[Found]:
    """Enum values say what they mean."""
    for type_ in document.types.values():
        for value in type_.values.values() if isinstance(type_, EnumType) else ():
            if not value.description:
                at = f"{type_.name}.{value.name}"
                yield Found(coordinate=at, message="Say what the value means.", place=value.place)


def directive_description(document: Document) -> Iterator[Found]:
    """Directives say what they do."""
    for directive in document.directives.values():
        if not directive.description:
            at = f"@{directive.name}"
            yield Found(coordinate=at, message="Say what the directive does.", place=directive.place)


_BEGINNINGS = ("", "type", "interface", "union", "enum", "input", "scalar")


def comment_description(document: Document) -> Iterator[Found]:
    """What explains something is a description, which tools show, not a comment."""
    for at, part in elements(Schema(types=document.types)):
        if part.description or part.place is None or part.place.line == 1:
            continue
        above = document.lines[part.place.line - 2].strip()
        before = document.lines[part.place.line - 1][: part.place.column - 1].strip()
        if above.startswith("#") and before in _BEGINNINGS:
            message = 'Write the comment above as a description, in """...""".'
            yield Found(coordinate=at, message=message, place=part.place)


def deprecated_reason(document: Document) -> Iterator[Found]:
    """What is deprecated says why, and what to use instead."""
    for at, part in _parts(document):
        for use in part.directives:
            reason = use.arguments.get("reason")
            if use.name == "deprecated" and not (isinstance(reason, str) and reason.strip()):
                message = "Say what to use instead: @deprecated(reason: ...)."
                yield Found(coordinate=at, message=message, place=part.place)


def deprecated_required(document: Document) -> Iterator[Found]:
    """What must be given cannot be deprecated: nobody could stop giving it."""
    for at, part in _parts(document):
        is_required = isinstance(part, InputValue) and isinstance(part.type, NonNull) and part.default is None
        if is_required and any(use.name == "deprecated" for use in part.directives):
            message = "It must be given, so nobody can stop: make it nullable or give it a default."
            yield Found(coordinate=at, message=message, place=part.place)


def _parts(document: Document) -> Iterator[tuple[str, Element]]:
    yield from elements(Schema(types=document.types))
    for directive in document.directives.values():
        for argument in directive.arguments.values():
            yield f"@{directive.name}({argument.name}:)", argument
