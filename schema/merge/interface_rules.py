"""What must hold for interfaces over all subgraphs that know them."""

from schema.document.model import InterfaceType, ObjectType, Type
from schema.errors import Code
from schema.merge.sources import Merging, Source, places, where
from schema.subgraph.model import has, listed


def check_interfaces(merging: Merging) -> None:
    """Note @interfaceObject and interface keys that do not fit the other subgraphs."""
    for name, sources in merging.types.items():
        objects = [source for source in sources if has(source.element, "interfaceObject")]
        if objects:
            _check_objects(merging, name, sources, objects)
        keyed = [
            source
            for source in sources
            if isinstance(source.element, InterfaceType)
            and any(key.is_resolvable for key in source.subgraph.facts.keys.get(name, ()))
        ]
        for source in keyed:
            _check_all_known(merging, name, source)


def _implementations(merging: Merging, interface: str) -> list[str]:
    return [
        name
        for name, sources in merging.types.items()
        if interface in merging.supertypes.get(name, frozenset())
        and any(isinstance(source.element, ObjectType) for source in sources)
    ]


def _check_objects(
    merging: Merging, name: str, sources: tuple[Source[Type], ...], objects: list[Source[Type]]
) -> None:
    if len(objects) == len(sources):
        merging.findings.error(
            Code.INTERFACE_OBJECT_USAGE_ERROR,
            f'"{name}" is an @interfaceObject in {where(objects)} but nowhere an interface: define it as an '
            f"interface with the same key in at least one subgraph.",
            *places(objects),
        )
    for source in objects:
        known = source.subgraph.schema.types
        both = [other for other in _implementations(merging, name) if other in known]
        if both:
            merging.findings.error(
                Code.INTERFACE_OBJECT_USAGE_ERROR,
                f'"{name}" is an @interfaceObject in subgraph "{source.subgraph.name}", '
                f"which therefore must not "
                f"define its implementations {listed(both)}: remove them there, or make it an interface.",
                source.place,
                *(known[other].place for other in both),
            )


def _check_all_known(merging: Merging, name: str, source: Source[Type]) -> None:
    own = {type_.name for type_ in source.subgraph.facts.implementations.get(name, ())}
    missing = [other for other in _implementations(merging, name) if other not in own]
    if missing:
        merging.findings.error(
            Code.INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE,
            f'Interface "{name}" has a key in subgraph "{source.subgraph.name}", which must '
            f"then know all of its "
            f"implementations: define {listed(missing)} there and let it implement the interface.",
            source.place,
        )
