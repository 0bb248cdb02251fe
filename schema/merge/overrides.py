"""@override: which subgraph a field moves away from, wholly or for a share of the requests."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schema.document.model import Directive, Field, InterfaceType
from schema.errors import Code
from schema.hints import HintCode
from schema.merge.sources import Merging, Source
from schema.subgraph.model import has, uses

LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_\-:./]*|percent\((?:[0-9]{1,2}(?:\.[0-9]{1,8})?|100)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What @override does to one field, by subgraph name.

    `gone`: overridden and needed by nothing else; `kept`: overridden but still needed (a key, a @requires);
    `leaving`: the field moves away only where a label says so; `labels`: that label, on both sides.
    """

    gone: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def overridden(self) -> frozenset[str]:
        """The subgraphs that the field moves away from, wholly or in part."""
        return self.gone | self.kept | self.leaving


NO_MOVES = Moves()


def moves_of(merging: Merging, type_name: str, name: str, sources: Sequence[Source[Field]]) -> Moves:
    """What the @override directives on the versions of one field do."""
    moving = [(source, use) for source in sources for use in uses(source.element, "override")]
    if not moving:
        return NO_MOVES
    if _is_of_interface(merging, type_name, name, moving):
        return NO_MOVES
    gone: set[str] = set()
    kept: set[str] = set()
    leaving: set[str] = set()
    labels: dict[str, str] = {}
    by_name = {source.subgraph.name: source for source in sources}
    for source, use in moving:
        origin = str(use.arguments.get("from", ""))
        if not _is_sound(merging, f"{type_name}.{name}", source, use, origin, by_name):
            continue
        target = by_name[origin]
        label = use.arguments.get("label")
        if isinstance(label, str):
            labels[source.subgraph.name] = labels[origin] = label
            leaving.add(origin)
            if (type_name, name) in target.subgraph.facts.used:
                kept.add(origin)
            merging.findings.hint(
                HintCode.OVERRIDE_MIGRATION_IN_PROGRESS,
                f'Field "{type_name}.{name}" is moving from subgraph "{origin}" to '
                f'"{source.subgraph.name}" by label "{label}"; when done, remove the label, then the field.',
                source.place,
                target.place,
            )
            continue
        is_used = (type_name, name) in target.subgraph.facts.used
        (kept if is_used else gone).add(origin)
        merging.findings.hint(
            HintCode.OVERRIDDEN_FIELD_CAN_BE_REMOVED,
            f'Field "{type_name}.{name}" of subgraph "{origin}" is overridden by "{source.subgraph.name}"; '
            + ("mark it @external there, as it is still used." if is_used else "remove it there."),
            target.place,
        )
    return Moves(gone=frozenset(gone), kept=frozenset(kept), leaving=frozenset(leaving), labels=labels)


def _is_of_interface(
    merging: Merging, type_name: str, name: str, moving: Sequence[tuple[Source[Field], Directive]]
) -> bool:
    """Whether the field is one of an interface, which nobody resolves; notes it."""
    interfaces = {
        parent.subgraph.name
        for parent in merging.types[type_name]
        if isinstance(parent.element, InterfaceType)
    }
    wrong = [use for source, use in moving if source.subgraph.name in interfaces]
    for use in wrong:
        merging.findings.error(
            Code.OVERRIDE_ON_INTERFACE,
            f'@{use.name} cannot stand on "{type_name}.{name}", a field of an interface: put '
            f"it on the fields "
            f"of the implementing types.",
            use.place,
        )
    return bool(wrong)


def _is_sound(
    merging: Merging,
    coordinate: str,
    source: Source[Field],
    use: Directive,
    origin: str,
    by_name: Mapping[str, Source[Field]],
) -> bool:
    """Whether the override means anything; notes what is wrong with it."""
    findings = merging.findings
    type_name, _, name = coordinate.partition(".")
    here = source.subgraph.name
    abstracted = [
        other
        for other in merging.interface_objects_of(type_name)
        if other.subgraph.name == origin and name in other.element.fields
    ]
    is_abstract = any(
        has(parent.element, "interfaceObject")
        for parent in merging.types[type_name]
        if parent.subgraph.name == here
    )
    if abstracted or is_abstract:
        findings.error(
            Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
            f'Field "{coordinate}" cannot be overridden while one side has it through @interfaceObject: '
            f"remove the @override.",
            use.place,
        )
        return False
    if origin == here:
        findings.error(
            Code.OVERRIDE_FROM_SELF_ERROR,
            f'Field "{coordinate}" overrides itself: `from` must name another subgraph than "{here}".',
            use.place,
        )
        return False
    if origin not in {subgraph.name for subgraph in merging.subgraphs}:
        findings.hint(
            HintCode.FROM_SUBGRAPH_DOES_NOT_EXIST,
            f'Field "{coordinate}" overrides subgraph "{origin}", which does not exist; it has no effect.',
            use.place,
        )
        return False
    target = by_name.get(origin)
    if target is None or target.subgraph.facts.is_external(*coordinate.split(".")):
        findings.hint(
            HintCode.OVERRIDE_DIRECTIVE_CAN_BE_REMOVED,
            f'Field "{coordinate}" no longer exists in subgraph "{origin}"; the @override can be removed.',
            use.place,
        )
        return False
    label = use.arguments.get("label")
    if isinstance(label, str) and not LABEL.fullmatch(label):
        findings.error(
            Code.OVERRIDE_LABEL_INVALID,
            f'@{use.name} on "{coordinate}" has label "{label}": write a name of letters, digits and "_-:./" '
            f'that begins with a letter, or "percent(N)" with N from 0 to 100.',
            use.place,
        )
    if has(target.element, "override"):
        findings.error(
            Code.OVERRIDE_SOURCE_HAS_OVERRIDE,
            f'Field "{coordinate}" is overridden in subgraph "{here}" and itself has @override in '
            f'"{origin}": keep one of the two.',
            use.place,
            target.place,
        )
        return False
    return not _collides(merging, coordinate, source, target, use)


def _collides(
    merging: Merging, coordinate: str, source: Source[Field], target: Source[Field], use: Directive
) -> bool:
    """Whether another directive on either field stands against the move."""
    type_name, _, name = coordinate.partition(".")
    directive, holder = "", target
    for known in ("requires", "provides"):
        if has(target.element, known):
            directive = known
    if source.subgraph.facts.is_external(type_name, name):
        directive, holder = "external", source
    if not directive:
        return False
    merging.findings.error(
        Code.OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE,
        f'Field "{coordinate}" cannot be overridden while it has @{directive} in subgraph '
        f'"{holder.subgraph.name}": remove one of the two directives.',
        use.place,
        holder.place,
    )
    return True
