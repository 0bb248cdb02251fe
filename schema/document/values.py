"""Constant values and type references as they stand in SDL."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, Union

from graphql.language.block_string import is_printable_as_block_string, print_block_string
from graphql.language.print_string import print_string


class Null(Enum):
    """The literal `null`; Python's None means that there is no value at all."""

    NULL = "null"


NULL = Null.NULL


@dataclass(frozen=True, slots=True)
class EnumLiteral:
    """A bare name used as a value."""

    name: str


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number exactly as written, so that no digit is lost."""

    text: str

    @property
    def is_integer(self) -> bool:
        """True when written without fraction and exponent."""
        return self.text.lstrip("-").isdigit()


Value: TypeAlias = Union[
    Null, bool, str, NumberLiteral, EnumLiteral, "tuple[Value, ...]", "Mapping[str, Value]"
]


def print_value(value: Value) -> str:
    """The value as SDL."""
    match value:
        case Null():
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return print_string(value)
        case NumberLiteral():
            return value.text
        case EnumLiteral():
            return value.name
        case tuple():
            return f"[{', '.join(print_value(item) for item in value)}]"
        case _:
            return "{" + ", ".join(f"{name}: {print_value(item)}" for name, item in value.items()) + "}"


def print_description(text: str, indent: str) -> str:
    """The description as a block string of its own lines, or nothing.

    As a string in one line if it has what only an escape can write, such as control characters.
    """
    if not text:
        return ""
    has_control = any(character < " " and character not in "\n\t" for character in text)
    if has_control or not is_printable_as_block_string(text):
        return f"{indent}{print_string(text)}\n"
    return indent + print_block_string(text).replace("\n", f"\n{indent}") + "\n"


@dataclass(frozen=True, slots=True)
class Named:
    """A type by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of a type."""

    of: "TypeRef"

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class NonNull:
    """A type without null."""

    of: "Named | ListOf"

    def __str__(self) -> str:
        return f"{self.of}!"


TypeRef: TypeAlias = Named | ListOf | NonNull


def base_name(ref: TypeRef) -> str:
    """The name of the type under all lists and non-nulls."""
    while not isinstance(ref, Named):
        ref = ref.of
    return ref.name


def renamed(ref: TypeRef, name: str) -> TypeRef:
    """The same lists and non-nulls around another name."""
    match ref:
        case Named():
            return Named(name)
        case ListOf(of=of):
            return ListOf(renamed(of, name))
        case NonNull(of=of):
            inner = renamed(of, name)
            assert not isinstance(inner, NonNull)
            return NonNull(inner)


def nullable(ref: TypeRef) -> Named | ListOf:
    """The type with its outermost non-null taken off."""
    return ref.of if isinstance(ref, NonNull) else ref
