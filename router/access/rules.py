"""@authenticated, @requiresScopes and @policy on an operation: what the caller may not see is left out of it.

Which rules an operation touches is found once. What a request fails of them is its mask; for each mask the
operation is pruned once, so that it can be planned as any other. The answer has null where something is
missing, and an error that says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from common.access.principal import Principal
from router.operation.deferral import undeferred
from router.operation.guards import Guards, Rules
from router.operation.model import Field, InlineFragment, Operation, SelectionSet, Step, Withheld
from schema.supergraph.model import Access

_MOST_MASKS = 64
TYPENAME = Field(name="__typename", response_key="__typename")

Mask = frozenset[Access]


@dataclass(slots=True, kw_only=True)
class Guarded:
    """An operation with the rules that it touches; `policies` are all that they speak of."""

    operation: Operation
    rules: Rules
    policies: frozenset[str]
    _guards: Guards
    _pruned: dict[Mask, Operation] = field(default_factory=dict)

    def mask(self, principal: Principal, granted: frozenset[str]) -> Mask:
        """The rules that this caller does not fulfil."""
        return frozenset(rule for rule in self.rules if not fulfils(rule, principal, granted))

    def without(self, mask: Mask) -> Operation:
        """The operation without what the mask forbids; it knows what is missing."""
        pruned = self._pruned.get(mask)
        if pruned is None:
            pruned = _Pruning(self._guards, mask).pruned(self.operation)
            if len(self._pruned) >= _MOST_MASKS:
                self._pruned.clear()
            self._pruned[mask] = pruned
        return pruned


def guarded(operation: Operation, guards: Guards) -> Guarded | None:
    """The operation with its rules; None if it touches none."""
    rules = frozenset(_touched(operation.selections, guards))
    if not rules:
        return None
    policies = (name for rule in rules for together in rule.policies for name in together)
    return Guarded(operation=operation, rules=rules, policies=frozenset(policies), _guards=guards)


def fulfils(rule: Access, principal: Principal, granted: frozenset[str]) -> bool:
    """Whether a caller with these policies granted may see what the rule guards."""
    if rule.authenticated and principal.is_anonymous:
        return False
    return _any_of(rule.scopes, principal.scopes) and _any_of(rule.policies, granted)


def _any_of(alternatives: tuple[tuple[str, ...], ...], held: frozenset[str]) -> bool:
    return not alternatives or any(held.issuperset(together) for together in alternatives)


def _touched(selections: SelectionSet, guards: Guards) -> Iterator[Access]:
    for item in selections:
        yield from _asked(selections.parent_type, item, guards)
        if item.selections is not None:
            yield from _touched(item.selections, guards)


def _asked(parent: str, item: Field | InlineFragment, guards: Guards) -> Iterable[Access]:
    if isinstance(item, Field):
        return guards.fields.get(f"{parent}.{item.name}", ())
    access = guards.types.get(item.type_condition)
    return () if access is None else (access,)


class _Pruning:
    """Takes out what a mask forbids, and notes where."""

    def __init__(self, guards: Guards, mask: Mask) -> None:
        self._guards = guards
        self._mask = mask
        self._withheld: list[Withheld] = []

    def pruned(self, operation: Operation) -> Operation:
        """In one piece: what is deferred could only tell of less."""
        whole = undeferred(operation)
        selections = self._selections(whole.selections, (), None)
        return replace(whole, selections=selections, withheld=tuple(self._withheld))

    def _selections(
        self, selections: SelectionSet, steps: tuple[Step, ...], types: frozenset[str] | None
    ) -> SelectionSet:
        """What is left; `types` are those that the fragments around it leave of the object here."""
        items: list[Field | InlineFragment] = []
        noted = len(self._withheld)
        for item in selections:
            kept = self._item(selections.parent_type, item, steps, types)
            if kept is not None:
                items.append(kept)
        is_root = not steps
        has_fragments = any(isinstance(item, InlineFragment) for item in selections)
        if len(self._withheld) > noted and not is_root and (not items or has_fragments):
            items = [item for item in items if item != TYPENAME] + [TYPENAME]
        return replace(selections, items=tuple(items))

    def _item(
        self,
        parent: str,
        item: Field | InlineFragment,
        steps: tuple[Step, ...],
        types: frozenset[str] | None,
    ) -> Field | InlineFragment | None:
        is_forbidden = not self._mask.isdisjoint(_asked(parent, item, self._guards))
        if isinstance(item, InlineFragment):
            possible = self._guards.possible.get(item.type_condition, frozenset())
            narrowed = possible if types is None else possible & types
            if is_forbidden:
                self._note_all(item.selections, steps, narrowed)
                return None
            left = self._selections_of_fragment(item, steps, narrowed)
            return replace(item, selections=left) if left.items else None
        step = Step(key=item.response_key, types=types, conditions=item.conditions)
        if is_forbidden:
            self._withheld.append(Withheld(at=f"{parent}.{item.name}", steps=(*steps, step)))
            return None
        if item.selections is None:
            return item
        return replace(item, selections=self._selections(item.selections, (*steps, step), None))

    def _selections_of_fragment(
        self, item: InlineFragment, steps: tuple[Step, ...], types: frozenset[str]
    ) -> SelectionSet:
        kept = (self._item(item.type_condition, each, steps, types) for each in item.selections)
        return replace(item.selections, items=tuple(each for each in kept if each is not None))

    def _note_all(self, selections: SelectionSet, steps: tuple[Step, ...], types: frozenset[str]) -> None:
        """Everything that a forbidden fragment asks for is missing."""
        for item in selections:
            if isinstance(item, InlineFragment):
                possible = self._guards.possible.get(item.type_condition, frozenset())
                self._note_all(item.selections, steps, possible & types)
            else:
                step = Step(key=item.response_key, types=types, conditions=item.conditions)
                at = f"{selections.parent_type}.{item.name}"
                self._withheld.append(Withheld(at=at, steps=(*steps, step)))
