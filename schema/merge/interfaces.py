"""Merges which interfaces a type implements, and gives it what @interfaceObject resolves for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from schema.document.model import Directive, Field, InterfaceType, ObjectType, Type
from schema.errors import Place
from schema.merge.overrides import NO_MOVES
from schema.merge.sharing import check_sharing
from schema.merge.sources import Merging, Source


def merge_interfaces(sources: Sequence[Source[ObjectType | InterfaceType]]) -> dict[str, Place | None]:
    """The interfaces that some subgraph says the type implements, sorted."""
    names = {name for source in sources for name in source.element.interfaces}
    return dict.fromkeys(sorted(names))


def with_interface_object_fields(merging: Merging, types: Mapping[str, Type]) -> dict[str, Type]:
    """The types, where implementations have the fields that subgraphs resolve for their whole interface.

    Such a field carries @join__field without a graph: it comes from no subgraph of the type itself.
    """
    completed: dict[str, Type] = {}
    for name, type_ in types.items():
        if isinstance(type_, ObjectType):
            missing = dict(_missing_fields(merging, types, type_))
            type_ = replace(type_, fields={**type_.fields, **missing}) if missing else type_
        completed[name] = type_
    return completed


def _missing_fields(
    merging: Merging, types: Mapping[str, Type], type_: ObjectType
) -> Iterator[tuple[str, Field]]:
    for name in type_.interfaces:
        interface = types.get(name)
        if name in merging.interface_objects and isinstance(interface, InterfaceType):
            for field in interface.fields.values():
                if field.name not in type_.fields:
                    check_sharing(merging, type_.name, field.name, (), NO_MOVES)
                    kept = (use for use in field.directives if use.name != "join__field")
                    yield field.name, replace(field, directives=(Directive(name="join__field"), *kept))
