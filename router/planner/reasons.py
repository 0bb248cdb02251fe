"""Why a subgraph is asked: which fields it resolves, and which other subgraphs could have been asked."""

from collections.abc import Iterable, Iterator, Sequence

from router.planner.fetch_graph import Step
from router.planner.output import Output
from schema.supergraph.model import InterfaceType, ObjectType, Supergraph

_MOST_NAMES = 5


def resolved_by(steps: Sequence[Step], supergraph: Supergraph) -> Iterator[str]:
    """A clause for fields that the same subgraphs resolve: `only stock resolves Article.code, inStock`."""
    subgraph = steps[0].subgraph
    groups: dict[tuple[str, str, str], dict[str, None]] = {}
    for type_name, field in _fields(output for step in steps for output in step.outputs.values()):
        known = supergraph.types.get(type_name)
        if not isinstance(known, ObjectType | InterfaceType) or field not in known.fields:
            continue
        sources = known.fields[field].sources
        others = sorted(name for name, each in sources.items() if name != subgraph and not each.is_external)
        own = sources.get(subgraph)
        only, note = ("", f", as {' and '.join(others)} could") if others else ("only ", "")
        if own is not None and own.override is not None:
            label = f" for {own.override_label}" if own.override_label else ""
            note = f", taken over from {own.override}{label}"
        groups.setdefault((only, type_name, note), {})[field] = None
    for (only, type_name, note), names in groups.items():
        yield f"{only}{subgraph} resolves {type_name}.{_listed(tuple(names))}{note}"


def _fields(outputs: Iterable[Output]) -> Iterator[tuple[str, str]]:
    """Names of types and of fields at the top of the outputs."""
    for output in outputs:
        for field in output.fields.values():
            yield output.type_name, field.name
        yield from _fields(output.fragments.values())


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: _MOST_NAMES - 1])} and {len(names) - _MOST_NAMES + 1} more"
