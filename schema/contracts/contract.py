"""A contract in one screen: a supergraph and a filter give the supergraph of one API variant."""

from collections.abc import Sequence

from schema.compose import Composed
from schema.contracts.cascade import hide_broken_promises, hide_empty_types
from schema.contracts.filter import Filter
from schema.contracts.mark import inaccessible_name, marked
from schema.contracts.match import match_tags
from schema.contracts.reach import hide_unreachable_types
from schema.contracts.view import View, coordinate_of
from schema.document.model import Schema, elements
from schema.document.parse import parse_schema
from schema.document.print import print_schema
from schema.errors import Code, CompositionError, CompositionFailed, in_order
from schema.hints import Hint, HintCode
from schema.supergraph.features import read_features
from schema.supergraph.model import NotASupergraph
from schema.validate.supergraph.inaccessible import Spot, check_what_is_left

SUPERGRAPH = "supergraph"
"""Where the places of a contract's errors lie."""


def apply(supergraph_sdl: str, wanted: Filter) -> Composed:
    """The supergraph in which what the filter does not let through is @inaccessible.

    Keys and requirements that are hidden still serve the router. Applying a filter to its own result changes
    nothing. Raises CompositionFailed with every reason if what stays would be no valid API, and
    NotASupergraph.
    """
    view = _read(supergraph_sdl)
    unused = _unused(match_tags(view, wanted), wanted)
    hide_empty_types(view)
    if wanted.hide_unreachable:
        hide_unreachable_types(view, _kept(view, wanted))
    broken = [_broken(*promise) for promise in hide_broken_promises(view)]
    if wanted.hide_unreachable:
        hide_unreachable_types(view, _kept(view, wanted))
    schema = marked(view)
    _check(view, schema, unused)
    return Composed(supergraph_sdl=print_schema(schema), hints=(*unused, *broken))


def _read(supergraph_sdl: str) -> View:
    schema, errors = parse_schema(supergraph_sdl, SUPERGRAPH, max_length=None)
    if schema is None or errors:
        raise NotASupergraph(errors[0].as_text())
    return View(schema=schema, features=read_features(schema))


def _kept(view: View, wanted: Filter) -> list[str]:
    """The types that stay though nothing may lead to them: those with an included tag of their own."""
    return [type_.name for type_ in view.types if not wanted.include.isdisjoint(view.tags(type_))]


def _unused(seen: frozenset[str], wanted: Filter) -> list[Hint]:
    return [
        Hint(
            code=HintCode.CONTRACT_TAG_UNUSED,
            message=f'The contract speaks of tag "{tag}", which nothing in the supergraph has.',
        )
        for tag in sorted((wanted.include | wanted.exclude) - seen)
    ]


def _broken(interface_field: str, implementation: str) -> Hint:
    return Hint(
        code=HintCode.CONTRACT_HIDES_INTERFACE_FIELD,
        message=f'"{interface_field}" goes because "{implementation}", which implements it, is hidden.',
    )


def _check(view: View, schema: Schema, unused: Sequence[Hint]) -> None:
    """Raise CompositionFailed if something that can be seen needs something that cannot.

    A misspelt tag is the likely cause when nothing at all can be asked.
    """
    errors: list[CompositionError] = []
    places = {coordinate: element.place for coordinate, element in elements(schema) if element.place}

    def report(code: Code, message: str, spots: Sequence[Spot]) -> None:
        coordinates = [coordinate_of(*spot) for spot in spots]
        reasons = [
            f'The contract hides "{coordinate}" because {view.hidden[coordinate]}.'
            for coordinate in coordinates
            if coordinate in view.hidden
        ]
        if code is Code.QUERY_ROOT_TYPE_INACCESSIBLE:
            reasons += [hint.message for hint in unused]
        found = tuple(places[coordinate] for coordinate in coordinates if coordinate in places)
        errors.append(CompositionError(code=code, message=" ".join([message, *reasons]), places=found))

    check_what_is_left(schema, frozenset({inaccessible_name(view)}), report)
    if errors:
        raise CompositionFailed(in_order(errors))
