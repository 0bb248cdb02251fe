"""What all merging works on: the subgraphs in order and what stands in which of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar

from schema.document.model import DirectiveDefinition, Element, InterfaceType, ObjectType, Type, UnionType
from schema.errors import Place
from schema.findings import Findings
from schema.merge.composed import Composition
from schema.merge.custom import custom_rules
from schema.subgraph.model import Expanded, has

Defined: TypeAlias = Element | DirectiveDefinition
Some = TypeVar("Some", bound=Defined, covariant=True)


@dataclass(frozen=True, slots=True)
class Source(Generic[Some]):
    """One subgraph's version of an element."""

    subgraph: Expanded
    element: Some

    @property
    def place(self) -> Place | None:
        """Where the element stands."""
        return self.element.place


@dataclass(frozen=True, kw_only=True, eq=False)
class Merging:
    """One composition at work: its subgraphs, sorted by name, and what it has found so far."""

    subgraphs: tuple[Expanded, ...]
    findings: Findings

    @cached_property
    def composition(self) -> Composition:
        """Which directives reach the supergraph."""
        custom, is_sound = custom_rules(self.subgraphs, self.findings)
        return Composition(subgraphs=self.subgraphs, custom=custom, is_sound=is_sound)

    @cached_property
    def types(self) -> Mapping[str, tuple[Source[Type], ...]]:
        """All types by name, sorted, with every subgraph that has them."""
        found: defaultdict[str, list[Source[Type]]] = defaultdict(list)
        for subgraph in self.subgraphs:
            for name, type_ in subgraph.schema.types.items():
                found[name].append(Source(subgraph, type_))
        return {name: tuple(found[name]) for name in sorted(found)}

    @cached_property
    def supertypes(self) -> Mapping[str, frozenset[str]]:
        """For each type the interfaces and unions that it belongs to in some subgraph."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for sources in self.types.values():
            for source in sources:
                match source.element:
                    case (
                        ObjectType(name=name, interfaces=interfaces)
                        | InterfaceType(name=name, interfaces=interfaces)
                    ):
                        found[name].update(interfaces)
                    case UnionType(name=name, members=members):
                        for member in members:
                            found[member].add(name)
                    case _:
                        pass
        return {name: frozenset(types) for name, types in found.items()}

    @property
    def queries(self) -> tuple[Source[ObjectType], ...]:
        """The query types of the subgraphs."""
        return tuple(
            Source(source.subgraph, source.element)
            for source in self.types.get("Query", ())
            if isinstance(source.element, ObjectType)
        )

    def interface_objects_of(self, type_name: str) -> tuple[Source[ObjectType], ...]:
        """The @interfaceObject types of its interfaces, in subgraphs without the type itself."""
        if not self.interface_objects:
            return ()
        knowing = {source.subgraph.name for source in self.types.get(type_name, ())}
        return tuple(
            Source(source.subgraph, source.element)
            for interface in sorted(self.supertypes.get(type_name, frozenset()) & self.interface_objects)
            for source in self.types[interface]
            if isinstance(source.element, ObjectType) and source.subgraph.name not in knowing
        )

    @cached_property
    def interface_objects(self) -> frozenset[str]:
        """The interfaces that some subgraph sees as an object through @interfaceObject."""
        return frozenset(
            name
            for name, sources in self.types.items()
            if any(has(source.element, "interfaceObject") for source in sources)
        )


def places(sources: Iterable[Source[Defined]]) -> list[Place | None]:
    """Where all versions of an element stand."""
    return [source.place for source in sources]


def where(sources: Sequence[Source[Defined]]) -> str:
    """The subgraphs of some sources as part of a sentence."""
    names = [f'"{source.subgraph.name}"' for source in sources]
    if len(names) == 1:
        return f"subgraph {names[0]}"
    return f"subgraphs {', '.join(names[:-1])} and {names[-1]}"


def variants(sources: Sequence[Source[Some]], texts: Sequence[str]) -> str:
    """What each version looks like, as part of a sentence, equal ones together.

    `String` in subgraph "a" and `Int` in subgraphs "b" and "c"
    """
    groups: dict[str, list[Source[Some]]] = {}
    for source, text in zip(sources, texts, strict=True):
        groups.setdefault(text, []).append(source)
    return " and ".join(f"`{text}` in {where(group)}" for text, group in groups.items())
