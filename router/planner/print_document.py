"""Outputs → minified GraphQL text.

Within one document two fragments may ask one response key with types that GraphQL would not merge
(spec §5.3.2, SameResponseShape). The later one then gets an alias, and a rewrite moves it back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from router.operation.model import Argument, Condition
from router.plan.nodes import OutputRewrite
from router.plan.paths import Each, Key
from router.plan.paths import Path as ResponsePath
from router.planner.budget import Budget
from router.planner.output import Holds, Output, OutputField, Uses
from router.planner.response_keys import PREFIX
from schema.query_graph.model import NodeKind
from schema.supergraph.model import Supergraph

_Shape = str

_Homes = dict[Holds | None, list[Holds]]
"""The alternatives of a field by the alternative of the field around it under which each is printed."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """One of the times that a field is printed, each under other conditions.

    `of` are all alternatives of the field, `mine` those that this copy is for, `holds` is what holds inside.
    """

    of: Sequence[Holds]
    mine: Sequence[Holds]
    holds: Holds


def _whole(holds: Holds) -> _Copy:
    return _Copy([holds], [holds], holds)


class Printer:
    """Prints the outputs of one document; remembers the variables it used."""

    def __init__(self, supergraph: Supergraph, budget: Budget) -> None:
        self._budget = budget
        self._supergraph = supergraph
        self._aliases: dict[int, str] = {}
        self._rewrites: dict[OutputRewrite, None] = {}
        self._homes: dict[int, _Homes] = {}
        self.variables: set[str] = set()
        self.selections: dict[str, str] = {}

    def selection(self, outputs: list[Output], holds: Holds) -> tuple[str, tuple[OutputRewrite, ...]]:
        """One selection set for the root, and what to rename in the answer."""
        self._settle(outputs)
        (output,) = outputs
        return f"{{{self._body(output, _whole(holds))}}}", tuple(self._rewrites)

    def entities(self, outputs: list[Output], holds: Holds) -> tuple[str, tuple[OutputRewrite, ...]]:
        """The selection set of an `_entities` call, one fragment per type."""
        self._settle(outputs)
        fragments = "".join(
            f"...on {output.type_name}{{{self._body(output, _whole(holds))}}}"
            for output in outputs
            if not output.is_empty
        )
        return f"{{{fragments}}}", tuple(self._rewrites)

    def _settle(self, outputs: list[Output]) -> None:
        self._rewrites = {}
        self._settle_shapes(outputs, ())

    def _settle_shapes(self, outputs: Iterable[Output], path: ResponsePath) -> None:
        """Give aliases where fields under one key differ in shape; the same for what is below them."""
        by_key: dict[str, dict[_Shape, list[OutputField]]] = {}
        for output in outputs:
            for field in _fields_of(output):
                self._budget.tick()
                by_key.setdefault(field.response_key, {}).setdefault(_shape(field), []).append(field)
        for key, shapes in by_key.items():
            for number, fields in enumerate(shapes.values()):
                if number:
                    alias = f"{PREFIX}{key}_shape{number}"
                    self._rewrites[OutputRewrite(path=path, alias=alias, name=key)] = None
                    for field in fields:
                        self._aliases[id(field)] = alias
                below = [field.below for field in fields if field.below is not None]
                if below:
                    name = key if not number else alias
                    lists = (Each(),) * fields[0].type.list_depth
                    self._settle_shapes(below, (*path, Key(name), *lists))

    def _body(self, output: Output, copy: _Copy) -> str:
        return " ".join(self._parts(output, copy) or [_placeholder(output)])

    def _parts(self, output: Output, copy: _Copy) -> list[str]:
        parts = ["__typename"] if output.wants_typename else []
        for field in output.fields.values():
            parts.extend(self._field(field, copy))
        for fragment in output.fragments.values():
            inner = self._parts(fragment, copy)
            if not inner and fragment.is_kept and not output.wants_typename:
                inner = [_placeholder(fragment)]
            if inner:
                parts.append(f"...on {fragment.type_name}{{{' '.join(inner)}}}")
        return parts

    def _field(self, field: OutputField, copy: _Copy) -> Iterable[str]:
        """The field under each of its alternatives that belong into this copy of what is around it.

        Every alternative has one home, so that the text grows with their number and not with all the ways to
        combine them on all levels.
        """
        homes = self._homes.get(id(field))
        if homes is None:
            homes = self._homes[id(field)] = _homes(field, copy.of)
        mine = [each for home in (*copy.mine, None) for each in homes.get(home, ())]
        left = Uses()
        for alternative in mine:
            left.add(alternative - copy.holds)
        ordered = sorted(left.alternatives, key=_sort_key)
        told: dict[Holds, list[Holds]] = {own: [] for own in ordered}
        for alternative in mine:
            rest = alternative - copy.holds
            told[next(own for own in ordered if own <= rest)].append(alternative)
        for own, alternatives in told.items():
            inner = _Copy(field.uses.alternatives, alternatives, copy.holds | own)
            yield self._field_under(field, own, inner)

    def _field_under(self, field: OutputField, own: Holds, copy: _Copy) -> str:
        self._budget.spend_parts()
        key = self._aliases.get(id(field), field.response_key)
        text = field.name if key == field.name else f"{key}:{field.name}"
        text += self._arguments(field.arguments)
        includes = [c for c in sorted(own, key=_condition_key) if c.wanted]
        skips = [c for c in sorted(own, key=_condition_key) if not c.wanted]
        for condition in (*includes[:1], *skips[:1]):
            text += self._directive(condition)
        if field.below is not None:
            text += f"{{{self._body(field.below, copy)}}}"
        for condition in (*includes[1:], *skips[1:]):
            text = f"...{self._directive(condition)}{{{text}}}"
        return text

    def _arguments(self, arguments: tuple[Argument, ...]) -> str:
        if not arguments:
            return ""
        for argument in arguments:
            self.variables |= argument.variables
        return "(" + ",".join(f"{argument.name}:{argument.value}" for argument in arguments) + ")"

    def _directive(self, condition: Condition) -> str:
        self.variables.add(condition.variable)
        return f"@{'include' if condition.wanted else 'skip'}(if:${condition.variable})"


def _placeholder(output: Output) -> str:
    """What to ask where nothing is wanted but that the object is there."""
    is_honest = output.kind is not NodeKind.INTERFACE_OBJECT
    return "__typename" if is_honest else f"{PREFIX}object:__typename"


def _fields_of(output: Output) -> Iterable[OutputField]:
    yield from output.fields.values()
    for fragment in output.fragments.values():
        yield from _fields_of(fragment)


def _homes(field: OutputField, around: Sequence[Holds]) -> _Homes:
    """None: under every alternative of the field around it."""
    homes: _Homes = {}
    for alternative in field.uses.alternatives:
        home = next((each for each in around if each <= alternative), None)
        homes.setdefault(home, []).append(alternative)
    return homes


def _shape(field: OutputField) -> _Shape:
    """What must be the same for all fields under one response key."""
    return field.type.text if field.below is None else field.type.text.replace(field.type.name, "{}")


def _condition_key(condition: Condition) -> tuple[str, bool]:
    return (condition.variable, condition.wanted)


def _sort_key(holds: Holds) -> list[tuple[str, bool]]:
    return sorted(_condition_key(condition) for condition in holds)
