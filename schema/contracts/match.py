"""Which elements a filter hides by their tags."""

from schema.contracts.filter import Filter
from schema.contracts.view import View
from schema.document.model import InterfaceType, ObjectType, UnionType, elements
from schema.subgraph.model import listed


def match_tags(view: View, wanted: Filter) -> frozenset[str]:
    """Hide what the filter does not let through; the tags that stand somewhere in the supergraph.

    A tag on an object or interface type counts for each of its fields. Including says which unions and
    fields stay; other elements stay unless they are excluded or nothing leads to them.
    """
    seen: set[str] = set()
    parents = {type_.name: type_ for type_ in view.types}
    for coordinate, element in elements(view.schema):
        parent = parents.get(coordinate.partition(".")[0])
        if parent is None:
            continue
        own = view.tags(element)
        seen |= own
        is_field = isinstance(parent, ObjectType | InterfaceType) and element is not parent
        is_field = is_field and not coordinate.endswith(")")
        inherited = view.tags(parent) if is_field else frozenset()
        if view.is_inaccessible(element):
            view.hide(coordinate, "it is @inaccessible to begin with")
        elif excluded := own & wanted.exclude:
            view.hide(coordinate, f"it is tagged {listed(sorted(excluded))}")
        elif excluded := inherited & wanted.exclude:
            view.hide(coordinate, f'"{parent.name}" is tagged {listed(sorted(excluded))}')
        elif (
            wanted.include
            and (is_field or isinstance(element, UnionType))
            and wanted.include.isdisjoint(own | inherited)
        ):
            view.hide(coordinate, f"it is not tagged {_or(wanted.include)}")
    return frozenset(seen)


def _or(tags: frozenset[str]) -> str:
    return " or ".join(f'"{tag}"' for tag in sorted(tags))
