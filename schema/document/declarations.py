"""SDL tokens → declarations: what each definition and extension of a document says, one after the other."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import DirectiveLocation

from schema.document.model import (
    Directive,
    DirectiveDefinition,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    Type,
    UnionType,
)
from schema.document.tokens import Tokens, Unexpected
from schema.document.values import (
    NULL,
    EnumLiteral,
    ListOf,
    Named,
    NonNull,
    NumberLiteral,
    TypeRef,
    Value,
)
from schema.errors import Code, CompositionError, Place

MAX_NESTING = 200
"""How deep lists and objects may stand in each other."""

OPERATIONS = ("query", "mutation", "subscription")
RESERVED_VALUES = ("true", "false", "null")

Part = TypeVar("Part", Field, InputValue, EnumValue)
Item = TypeVar("Item")


@dataclass(slots=True, kw_only=True)
class SchemaBlock:
    """One `schema` block or extension of it; `operations` are kinds and names of types with their places."""

    is_extension: bool
    description: str
    directives: tuple[Directive, ...]
    operations: tuple[tuple[str, str, Place], ...]
    place: Place


@dataclass(slots=True)
class Declarations:
    """What a document says, in its order, and what is wrong with it."""

    types: dict[str, list[Type]] = field(default_factory=dict)
    directives: list[DirectiveDefinition] = field(default_factory=list)
    schema_blocks: list[SchemaBlock] = field(default_factory=list)
    errors: list[CompositionError] = field(default_factory=list)

    def invalid(self, message: str, *places: Place | None) -> None:
        """Note a problem."""
        known = tuple(place for place in places if place)
        self.errors.append(CompositionError(code=Code.INVALID_GRAPHQL, message=message, places=known))


def read_declarations(tokens: Tokens) -> Declarations:
    """The declarations of a document; raises Unexpected where it is no GraphQL schema document."""
    reader = _Reader(tokens)
    reader.document()
    return reader.found


def parse_type_ref(text: str) -> TypeRef:
    """The type reference that the text holds; raises Unexpected."""
    reader = _Reader(Tokens(text, ""))
    return reader.type_ref_alone()


def by_name(parts: Iterable[Part], what: str, found: Declarations) -> dict[str, Part]:
    """The parts by name; a second one of the same name is a problem."""
    known: dict[str, Part] = {}
    for part in parts:
        if part.name in known:
            message = f"{what}{part.name} is defined twice; keep one definition."
            found.invalid(message[0].upper() + message[1:], part.place, known[part.name].place)
        else:
            known[part.name] = part
    return known


class _Reader:
    """Reads one document from front to back; `_at` is the next token."""

    def __init__(self, tokens: Tokens) -> None:
        self.found = Declarations()
        self._tokens = tokens
        self._texts = tokens.texts
        self._place = tokens.place
        self._at = 0
        self._depth = 0
        self._extensions: Counter[str] = Counter()
        self._named: dict[str, Named] = {}
        self._non_null: dict[str, NonNull] = {}

    def document(self) -> None:
        """All definitions, into what was found."""
        self._definition()
        while self._texts[self._at]:
            self._definition()
        if not self._tokens.is_end(self._at):
            raise Unexpected

    def type_ref_alone(self) -> TypeRef:
        """A type reference and nothing else."""
        type_ref = self._type_ref()
        if not self._tokens.is_end(self._at):
            raise Unexpected
        return type_ref

    def _definition(self) -> None:
        start = self._at
        is_extension = self._takes("extend")
        description = "" if is_extension else self._description()
        word = self._name()
        if word == "schema":
            self._schema_block(start, description, is_extension)
        elif word == "directive" and not is_extension:
            self._directive_definition(description)
        elif (kind := _KINDS.get(word)) is not None:
            self._type(kind, description, is_extension)
        else:
            raise Unexpected

    def _schema_block(self, start: int, description: str, is_extension: bool) -> None:
        directives = self._directives(int(is_extension))
        if self._texts[self._at] != "{" and (not is_extension or not directives):
            raise Unexpected
        operations = tuple(self._block("{", self._operation, "}"))
        block = SchemaBlock(
            is_extension=is_extension,
            description=description,
            directives=directives,
            operations=operations,
            place=self._place(start),
        )
        self.found.schema_blocks.append(block)

    def _operation(self) -> tuple[str, str, Place]:
        place = self._place(self._at)
        kind = self._name()
        if kind not in OPERATIONS:
            raise Unexpected
        self._expect(":")
        return kind, self._name(), place

    def _directive_definition(self, description: str) -> None:
        self._expect("@")
        place = self._place(self._at)
        name = self._name()
        arguments = by_name(self._block("(", self._input_value, ")"), f"argument @{name}.", self.found)
        self._directives()
        is_repeatable = self._takes("repeatable")
        self._expect("on")
        locations = tuple(self._texts[index] for index in self._delimited("|"))
        if any(location not in DirectiveLocation.__members__ for location in locations):
            raise Unexpected
        definition = DirectiveDefinition(
            name=name,
            arguments=arguments,
            locations=locations,
            is_repeatable=is_repeatable,
            description=description,
            place=place,
        )
        self.found.directives.append(definition)

    def _type(self, kind: type[Type], description: str, is_extension: bool) -> None:
        place = self._place(self._at)
        name = self._name()
        if is_extension:
            self._extensions[name] += 1
        declaration = self._extensions[name] if is_extension else 0
        more: dict[str, Any] = {}
        if kind is ObjectType or kind is InterfaceType:
            what = f"{name} implements"
            more["interfaces"] = self._references("&", what) if self._takes("implements") else {}
        directives = self._directives(declaration)
        if kind is ObjectType or kind is InterfaceType:
            more["fields"] = by_name(self._fields(declaration), f"field {name}.", self.found)
        elif kind is InputType:
            entries = self._block("{", self._input_value, "}")
            more["fields"] = by_name(entries, f"input field {name}.", self.found)
        elif kind is EnumType:
            values = self._block("{", self._enum_value, "}")
            more["values"] = by_name(values, f"enum value {name}.", self.found)
        elif kind is UnionType:
            what = f"union {name} has member"
            more["members"] = self._references("|", what) if self._takes("=") else {}
        if is_extension and not directives and not any(more.values()):
            raise Unexpected
        type_: Type = kind(
            name=name,
            description=description,
            directives=directives,
            is_extension=is_extension,
            place=place,
            **more,
        )
        self.found.types.setdefault(name, []).append(type_)

    def _fields(self, declaration: int) -> Iterator[Field]:
        """Most of a document is read here, hence no smaller functions."""
        texts = self._texts
        if texts[self._at] != "{":
            return
        self._at += 1
        while True:
            description = self._description() if texts[self._at].startswith('"') else ""
            place = self._place(self._at)
            name = self._name()
            arguments: dict[str, InputValue] = {}
            if texts[self._at] == "(":
                arguments = by_name(self._block("(", self._input_value, ")"), f"argument {name}.", self.found)
            self._expect(":")
            type_ = self._type_ref()
            yield Field(
                name=name,
                type=type_,
                arguments=arguments,
                description=description,
                directives=self._directives() if texts[self._at] == "@" else (),
                declaration=declaration,
                place=place,
            )
            if texts[self._at] == "}":
                self._at += 1
                return

    def _input_value(self) -> InputValue:
        description = self._description()
        place = self._place(self._at)
        name = self._name()
        self._expect(":")
        type_ = self._type_ref()
        default = self._value() if self._takes("=") else None
        return InputValue(
            name=name,
            type=type_,
            default=default,
            description=description,
            directives=self._directives(),
            place=place,
        )

    def _enum_value(self) -> EnumValue:
        description = self._description()
        place = self._place(self._at)
        name = self._name()
        if name in RESERVED_VALUES:
            raise Unexpected
        return EnumValue(name=name, description=description, directives=self._directives(), place=place)

    def _directives(self, declaration: int = 0) -> tuple[Directive, ...]:
        applied: list[Directive] = []
        while self._texts[self._at] == "@":
            place = self._place(self._at)
            self._at += 1
            name = self._name()
            arguments: dict[str, Value] = {}
            for argument, value in self._block("(", self._entry, ")"):
                if argument in arguments:
                    self.found.invalid(
                        f"Directive @{name} has argument {argument} twice; give it once.", place
                    )
                arguments[argument] = value
            applied.append(Directive(name=name, arguments=arguments, declaration=declaration, place=place))
        return tuple(applied)

    def _entry(self) -> tuple[str, Value]:
        name = self._name()
        self._expect(":")
        return name, self._value()

    def _value(self) -> Value:
        index, text = self._at, self._texts[self._at]
        self._at += 1
        match text[:1]:
            case '"':
                return self._tokens.string(index)
            case "[" | "{":
                return self._composite(text)
            case "" | "!" | "$" | "&" | "(" | ")" | ":" | "=" | "@" | "]" | "|" | "}" | ".":
                raise Unexpected
            case first if first.isdigit() or first == "-":
                return NumberLiteral(text)
        if text in RESERVED_VALUES:
            return NULL if text == "null" else text == "true"
        return EnumLiteral(text)

    def _composite(self, bracket: str) -> Value:
        """The rest of a list or an object; each may be empty."""
        self._deeper()
        value: Value
        if bracket == "[":
            items: list[Value] = []
            while not self._takes("]"):
                items.append(self._value())
            value = tuple(items)
        else:
            entries: dict[str, Value] = {}
            while not self._takes("}"):
                name, entry = self._entry()
                entries[name] = entry
            value = entries
        self._depth -= 1
        return value

    def _type_ref(self) -> TypeRef:
        """The same name gives the same object: there are few, used often."""
        text = self._texts[self._at]
        if text == "[":
            self._deeper()
            self._at += 1
            inner = self._type_ref()
            self._expect("]")
            self._depth -= 1
            return NonNull(ListOf(inner)) if self._takes("!") else ListOf(inner)
        self._name()
        named = self._named.get(text)
        if named is None:
            named = self._named[text] = Named(text)
        if not self._takes("!"):
            return named
        return self._non_null.get(text) or self._non_null.setdefault(text, NonNull(named))

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise RecursionError

    def _references(self, delimiter: str, what: str) -> dict[str, Place | None]:
        known: dict[str, Place | None] = {}
        for index in self._delimited(delimiter):
            name, place = self._texts[index], self._place(index)
            if name in known:
                self.found.invalid(f"{what[0].upper()}{what[1:]} {name} twice; write it once.", place)
            known[name] = place
        return known

    def _delimited(self, delimiter: str) -> Iterator[int]:
        """The tokens that names stand at, with delimiters between and perhaps before them."""
        self._takes(delimiter)
        while True:
            yield self._at
            self._name()
            if not self._takes(delimiter):
                return

    def _block(self, opening: str, item: Callable[[], Item], closing: str) -> Iterator[Item]:
        """One or more items between brackets, or nothing at all."""
        if self._texts[self._at] != opening:
            return
        self._at += 1
        while True:
            yield item()
            if self._texts[self._at] == closing:
                self._at += 1
                return

    def _description(self) -> str:
        if not self._texts[self._at].startswith('"'):
            return ""
        self._at += 1
        return self._tokens.string(self._at - 1)

    def _name(self) -> str:
        text = self._texts[self._at]
        if not text.isidentifier():
            raise Unexpected
        self._at += 1
        return text

    def _expect(self, text: str) -> None:
        if self._texts[self._at] != text:
            raise Unexpected
        self._at += 1

    def _takes(self, text: str) -> bool:
        if self._texts[self._at] != text:
            return False
        self._at += 1
        return True


_KINDS: dict[str, type[Type]] = {
    "scalar": ScalarType,
    "type": ObjectType,
    "interface": InterfaceType,
    "union": UnionType,
    "enum": EnumType,
    "input": InputType,
}
