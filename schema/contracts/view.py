"""A supergraph as a contract sees it: its own types, their tags, and what is hidden so far and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from schema.document.model import Element, InterfaceType, ObjectType, Schema, Type
from schema.supergraph.features import Features


@dataclass(slots=True, kw_only=True)
class View:
    """One contract being made: `hidden` maps coordinates to the reason, as the end of a sentence."""

    schema: Schema
    features: Features
    hidden: dict[str, str] = field(default_factory=dict)

    @property
    def types(self) -> Iterator[Type]:
        """The types that are not part of the supergraph's own format."""
        return (type_ for name, type_ in self.schema.types.items() if not self.features.owns_type(name))

    def hide(self, coordinate: str, reason: str) -> bool:
        """Hide an element; false if it was hidden before, for whatever reason."""
        if coordinate in self.hidden:
            return False
        self.hidden[coordinate] = reason
        return True

    def shows(self, *names: str) -> bool:
        """Whether a type, a part of it or an argument of that can be seen; its parents are not asked."""
        return coordinate_of(*names) not in self.hidden

    def visible_interfaces(self, type_: ObjectType | InterfaceType) -> Iterator[InterfaceType]:
        """The interfaces of the type that can be seen."""
        for name in type_.interfaces:
            interface = self.schema.types.get(name)
            if isinstance(interface, InterfaceType) and self.shows(name):
                yield interface

    def tags(self, element: Element) -> frozenset[str]:
        """The tags put on the element itself."""
        name = self.features.directive("tag", "tag")
        found = (use.arguments.get("name") for use in element.directives if use.name == name)
        return frozenset(tag for tag in found if isinstance(tag, str))

    def is_inaccessible(self, element: Element) -> bool:
        """Whether the supergraph itself hides the element."""
        name = self.features.directive("inaccessible", "inaccessible")
        return any(use.name == name for use in element.directives)


def coordinate_of(type_: str, part: str = "", argument: str = "") -> str:
    """The coordinate of a type, a part of it or an argument of that: User, User.name, User.name(in:)."""
    if argument:
        return f"{type_}.{part}({argument}:)"
    return f"{type_}.{part}" if part else type_
