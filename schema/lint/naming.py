"""Rules on names."""

import re
from collections.abc import Iterator

from schema.document.model import EnumType, InputType, InterfaceType, ScalarType, Type, UnionType, kind_of
from schema.document.values import ListOf, base_name, nullable
from schema.lint.finding import Document, Found

_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
_CAMEL = re.compile(r"[a-z][A-Za-z0-9]*")
_UPPER = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
_VERB = re.compile(r"(get|list|find|fetch|query|post|put|patch)(?=[A-Z])")
_QUESTION = re.compile(r"(is|has|can|may|was|does|did|will|should|are)(?=[A-Z])")
_AFFIXES = ("Type", "Interface", "Enum", "Union", "Object", "Scalar")
_INPUT_SUFFIXES = ("Input", "Filter", "Order", "OrderBy", "Sort", "Where", "By")
_PLURALS = re.compile(r".*(s|children|people|data|media|criteria|indices|men)", re.IGNORECASE)


def type_name_case(document: Document) -> Iterator[Found]:
    """Types are written like UserAccount."""
    for type_ in document.types.values():
        if not _PASCAL.fullmatch(type_.name):
            yield _of(type_, f"Write the type's name as {_pascal(type_.name)}.")


def field_name_case(document: Document) -> Iterator[Found]:
    """Fields are written like createdAt."""
    for type_, field in document.fields():
        if not _CAMEL.fullmatch(field.name):
            at = f"{type_.name}.{field.name}"
            message = f"Write the field's name as {_camel(field.name)}."
            yield Found(coordinate=at, message=message, place=field.place)


def argument_name_case(document: Document) -> Iterator[Found]:
    """Arguments are written like createdAfter."""
    for at, argument in document.arguments():
        if not _CAMEL.fullmatch(argument.name):
            message = f"Write the argument's name as {_camel(argument.name)}."
            yield Found(coordinate=at, message=message, place=argument.place)


def input_field_name_case(document: Document) -> Iterator[Found]:
    """Fields of inputs are written like createdAfter."""
    for type_ in document.types.values():
        for entry in type_.fields.values() if isinstance(type_, InputType) else ():
            if not _CAMEL.fullmatch(entry.name):
                message = f"Write the input field's name as {_camel(entry.name)}."
                yield Found(coordinate=f"{type_.name}.{entry.name}", message=message, place=entry.place)


def enum_value_case(document: Document) -> Iterator[Found]:
    """Enum values are written like IN_PROGRESS."""
    for type_ in document.types.values():
        for value in type_.values.values() if isinstance(type_, EnumType) else ():
            if not _UPPER.fullmatch(value.name):
                message = f"Write the value as {_upper(value.name)}."
                yield Found(coordinate=f"{type_.name}.{value.name}", message=message, place=value.place)


def directive_name_case(document: Document) -> Iterator[Found]:
    """Directives are written like cacheControl."""
    for directive in document.directives.values():
        if not _CAMEL.fullmatch(directive.name):
            message = f"Write the directive's name as {_camel(directive.name)}."
            yield Found(coordinate=f"@{directive.name}", message=message, place=directive.place)


def type_name_affix(document: Document) -> Iterator[Found]:
    """The name of a type does not say again that it is one."""
    for type_ in document.types.values():
        for affix in _AFFIXES:
            bare = type_.name.removeprefix(affix).removesuffix(affix)
            is_word = type_.name.endswith(affix) or re.match(f"{affix}[A-Z]", type_.name)
            if bare not in ("", type_.name) and is_word and _is_said_again(type_, affix):
                yield _of(type_, f"Leave {affix} out of the name: {bare} is {_article(kind_of(type_))}.")
                break


def _is_said_again(type_: Type, affix: str) -> bool:
    kinds = {"Interface": InterfaceType, "Enum": EnumType, "Union": UnionType, "Scalar": ScalarType}
    kind = kinds.get(affix)
    # ApplicationType may well be an enum of the types of applications.
    return isinstance(type_, kind) if kind else not isinstance(type_, EnumType | InputType)


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def input_name_suffix(document: Document) -> Iterator[Found]:
    """The names of inputs say that they go in, and only theirs do."""
    for type_ in document.types.values():
        if isinstance(type_, InputType):
            if not type_.name.endswith(_INPUT_SUFFIXES):
                yield _of(
                    type_, f"Call the input {type_.name}Input (or ...{', ...'.join(_INPUT_SUFFIXES[1:])})."
                )
        elif type_.name.endswith("Input"):
            yield _of(type_, f"Only inputs end in Input; this is {_article(kind_of(type_))}.")


def query_get_prefix(document: Document) -> Iterator[Found]:
    """Queries are called by what they give, not by a verb."""
    for type_, field in document.root_fields("query"):
        if match := _VERB.match(field.name):
            bare = field.name[match.end() :]
            message = f"Leave {match[1]} out: {bare[0].lower()}{bare[1:]} says what is given."
            yield Found(coordinate=f"{type_.name}.{field.name}", message=message, place=field.place)


def field_repeats_type(document: Document) -> Iterator[Found]:
    """A field's name does not repeat that of its type."""
    for type_, field in document.fields():
        prefix = f"{type_.name[0].lower()}{type_.name[1:]}"
        rest = field.name.removeprefix(prefix)
        if not document.is_root(type_) and rest != field.name and rest[:1].isupper():
            message = f"Leave {prefix} out: {rest[0].lower()}{rest[1:]} of {type_.name} is enough."
            yield Found(coordinate=f"{type_.name}.{field.name}", message=message, place=field.place)


def list_field_plural(document: Document) -> Iterator[Found]:
    """A field that gives a list has a plural name."""
    for type_, field in document.fields():
        if isinstance(nullable(field.type), ListOf) and not _PLURALS.fullmatch(field.name):
            message = f"It gives {field.type}: use the plural."
            yield Found(coordinate=f"{type_.name}.{field.name}", message=message, place=field.place)


def boolean_field_asks(document: Document) -> Iterator[Found]:
    """A field that gives true or false asks a question."""
    for type_, field in document.fields():
        is_boolean = base_name(field.type) == "Boolean" and not isinstance(nullable(field.type), ListOf)
        if is_boolean and not _QUESTION.match(field.name):
            asked = f"is{field.name[0].upper()}{field.name[1:]}"
            message = f"Ask for what is true: {asked}."
            yield Found(coordinate=f"{type_.name}.{field.name}", message=message, place=field.place)


def _of(type_: Type, message: str) -> Found:
    return Found(coordinate=type_.name, message=message, place=type_.place)


def _words(name: str) -> list[str]:
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return [word for word in apart.split("_") if word]


def _pascal(name: str) -> str:
    return "".join(f"{word[0].upper()}{word[1:].lower()}" for word in _words(name)) or name


def _camel(name: str) -> str:
    pascal = _pascal(name)
    return f"{pascal[:1].lower()}{pascal[1:]}"


def _upper(name: str) -> str:
    return "_".join(word.upper() for word in _words(name))
