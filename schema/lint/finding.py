"""What lint finds, and the document it looks at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from schema.document.model import (
    DirectiveDefinition,
    Field,
    InputValue,
    InterfaceType,
    ObjectType,
    Schema,
    Type,
)
from schema.errors import Place
from schema.spec.directives import NEWEST, built_in_directives, federation_directives


class Level(StrEnum):
    """What a rule's findings mean."""

    OFF = "off"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something a rule does not like, at a coordinate."""

    coordinate: str
    message: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found, by which rule, and the line of the SDL where it stands."""

    rule: str
    level: Level
    coordinate: str
    message: str
    place: Place | None
    line: str = ""

    @property
    def rank(self) -> tuple[str, int, int, str, str]:
        """Sorts by place."""
        if self.place is None:
            return "", 0, 0, self.coordinate, self.rule
        return self.place.subgraph, self.place.line, self.place.column, self.coordinate, self.rule


@dataclass(frozen=True, kw_only=True)
class Document:
    """One SDL document as rules see it: what its author wrote, without what federation brings along."""

    schema: Schema
    lines: tuple[str, ...]

    @cached_property
    def types(self) -> Mapping[str, Type]:
        """The author's types."""
        return {name: type_ for name, type_ in self.schema.types.items() if not _is_machinery(name)}

    @cached_property
    def directives(self) -> Mapping[str, DirectiveDefinition]:
        """The author's directives."""
        known = {*federation_directives(NEWEST), *built_in_directives(), "link", "core"}
        found = self.schema.directives
        return {name: found[name] for name in found if name not in known and not _is_machinery(name)}

    def is_root(self, type_: Type) -> bool:
        """Whether operations begin here."""
        return type_.name in self.schema.roots.values()

    def composites(self) -> Iterator[ObjectType | InterfaceType]:
        """The object and interface types."""
        for type_ in self.types.values():
            if isinstance(type_, ObjectType | InterfaceType):
                yield type_

    def fields(self) -> Iterator[tuple[ObjectType | InterfaceType, Field]]:
        """Every field that this document resolves, with its type."""
        for type_ in self.composites():
            for field in type_.fields.values():
                if not field.name.startswith("_") and not has(field, "external"):
                    yield type_, field

    def root_fields(self, kind: str) -> Iterator[tuple[ObjectType | InterfaceType, Field]]:
        """The fields of one root type."""
        name = self.schema.roots.get(kind)
        return ((type_, field) for type_, field in self.fields() if type_.name == name)

    def arguments(self) -> Iterator[tuple[str, InputValue]]:
        """Every argument of a field or directive, with its coordinate."""
        for type_, field in self.fields():
            for argument in field.arguments.values():
                yield f"{type_.name}.{field.name}({argument.name}:)", argument
        for directive in self.directives.values():
            for argument in directive.arguments.values():
                yield f"@{directive.name}({argument.name}:)", argument


def has(part: Type | Field, directive: str) -> bool:
    """Whether a federation directive stands on the part, by its plain name or federation's."""
    return any(use.name in (directive, f"federation__{directive}") for use in part.directives)


def _is_machinery(name: str) -> bool:
    return name.startswith("_") or "__" in name or name == "FieldSet"


Check = Callable[[Document], Iterator[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One convention: what it demands, how much by default, and an example of what it dislikes and likes."""

    name: str
    demands: str
    level: Level
    check: Check
    bad: str
    good: str
