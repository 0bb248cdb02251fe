"""A subgraph as it is handed in and as composition works on it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schema.document.model import Directive, DirectiveDefinition, Element, Schema, elements, nothing
from schema.errors import Place
from schema.spec.directives import FEDERATION_TYPES, MACHINERY_TYPES, own_feature
from schema.spec.link import FEDERATION, LINK, FeatureUrl, Version
from schema.subgraph.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """What composition is given: a name, the address the router calls, and the SDL."""

    name: str
    url: str = ""
    sdl: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A specification that a subgraph links, and the names it gives to its elements."""

    url: FeatureUrl
    alias: str = ""
    imports: Mapping[str, str] = field(default_factory=nothing)
    purpose: str = ""
    place: Place | None = None

    @property
    def name(self) -> str:
        """The prefix of the feature's elements in this schema."""
        return self.alias or self.url.name

    @property
    def own_types(self) -> tuple[str, ...]:
        """The feature's own names for the types it has."""
        if self.url.identity == LINK:
            return ("Import", "Purpose")
        return tuple(FEDERATION_TYPES) if own_feature(self.url.identity) else ()

    def directive_name(self, name: str) -> str:
        """How the feature's directive is called in this schema (without @)."""
        if imported := self.imports.get(f"@{name}"):
            return imported.removeprefix("@")
        return self.name if name == self.url.name else f"{self.name}__{name}"

    def type_name(self, name: str) -> str:
        """How the feature's type is called in this schema."""
        return self.imports.get(name, f"{self.name}__{name}")

    def own_directive_name(self, name: str) -> str:
        """The feature's own name for a directive of this schema; empty when it is not the feature's."""
        for own, imported in self.imports.items():
            if own.startswith("@") and imported == f"@{name}":
                return own.removeprefix("@")
        if name == self.name:
            return "" if f"@{self.url.name}" in self.imports else self.url.name
        prefix, separator, own = name.partition("__")
        return own if separator and prefix == self.name else ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Expanded:
    """A subgraph ready for validation and merging: directives resolved to what they mean, roots renamed.

    `graph` is the subgraph's value in enum join__Graph, `specified` what linked specifications define.
    """

    name: str
    url: str
    graph: str
    schema: Schema
    specified: Mapping[str, DirectiveDefinition] = field(default_factory=nothing)
    features: tuple[Feature, ...]
    is_federation_1: bool

    @cached_property
    def facts(self) -> Facts:
        """What the directives say about the subgraph's fields."""
        return Facts(self.schema)

    def defines(self, definition: DirectiveDefinition) -> bool:
        """Whether the directive's definition stands in the subgraph's own text."""
        return definition.place is not None and definition.place.subgraph == self.name

    def every_element(self) -> Iterator[tuple[str, Element]]:
        """Every type, field, argument and enum value, and the arguments of directives defined here."""
        yield from elements(self.schema)
        for definition in self.schema.directives.values():
            if self.defines(definition):
                for argument in definition.arguments.values():
                    yield f"@{definition.name}({argument.name}:)", argument

    def is_linked_type(self, name: str) -> bool:
        """Whether a linked specification has the type, or federation itself, defined here or not."""
        return name in self._linked_types

    @cached_property
    def _linked_types(self) -> frozenset[str]:
        linked = {feature.type_name(own) for feature in self.features for own in feature.own_types}
        return MACHINERY_TYPES | linked

    @cached_property
    def version(self) -> Version:
        """The version of the federation specification that the subgraph is written in."""
        feature = self.federation
        if feature is None or feature.url.version is None:
            return Version(1, 0)
        return feature.url.version

    @cached_property
    def federation(self) -> Feature | None:
        """The link to the federation specification."""
        return next((item for item in self.features if item.url.identity == FEDERATION), None)

    def directive_name(self, known_as: str) -> str:
        """How a federation directive is called in this subgraph, with @, for use in sentences."""
        name = self.federation.directive_name(known_as) if self.federation else known_as
        return f"@{name}"


def uses(element: Element | Schema, known_as: str) -> tuple[Directive, ...]:
    """The applications of one federation directive on an element."""
    applied = element.schema_directives if isinstance(element, Schema) else element.directives
    return tuple(use for use in applied if use.known_as == known_as)


def has(element: Element, *known_as: str) -> bool:
    """True when one of the federation directives is on the element."""
    return any(use.known_as in known_as for use in element.directives)


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them: "a", "b" and "c"."""
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f" and {quoted[-1]}"
