"""All rules in one walk through a document, each called only at the kinds of nodes that it looks at.

The library asks every rule at every node, and looks up anew for every document which methods a rule has. That
is most of what checking costs, for small documents and for large ones.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from graphql import (
    BREAK,
    SKIP,
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    Visitor,
    visit,
)
from graphql.language.visitor import EnterLeaveVisitor
from graphql.validation.validate import ValidationAbortedError, query_document_keys_to_validate

_Rules = tuple[type[ASTValidationRule], ...]
_Method = Callable[..., Any]


def violations(
    schema: GraphQLSchema, document: DocumentNode, rules: _Rules, *, max_errors: int, hide_suggestions: bool
) -> list[GraphQLError]:
    """What the rules say about the document, as `graphql.validate` tells it."""
    errors: list[GraphQLError] = []

    def on_error(error: GraphQLError) -> None:
        if len(errors) >= max_errors:
            raise ValidationAbortedError(
                "Too many validation errors, error limit reached. Validation aborted."
            )
        errors.append(error)

    type_info = TypeInfo(schema)
    context = ValidationContext(schema, document, type_info, on_error, hide_suggestions, False)
    together = _Together([rule(context) for rule in rules], rules)
    walker = TypeInfoVisitor(type_info, together)
    try:
        visit(document, walker, query_document_keys_to_validate)
    except ValidationAbortedError as aborted:
        errors.append(aborted.with_traceback(None))
    except RecursionError:
        errors.append(ValidationAbortedError("Validation aborted."))
    finally:  # these hold themselves, and the document: let go of, it is no work for the collector
        walker.enter_leave_map.clear()
        vars(context).clear()
    return errors


class _Together(Visitor):
    """Hands each node to the rules that want it, and keeps what each of them skips."""

    def __init__(self, visitors: Sequence[Visitor], rules: _Rules) -> None:
        super().__init__()
        self._visitors = visitors
        self._rules = rules
        self._skipping: list[Any] = [None] * len(visitors)

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """The functions for one kind of node."""
        found = self.enter_leave_map.get(kind)
        if found is None:
            found = self.enter_leave_map[kind] = self._for_kind(kind)
        return found

    def _for_kind(self, kind: str) -> EnterLeaveVisitor:
        visitors = self._visitors
        wanted = _methods(self._rules, kind)
        if not wanted:
            return EnterLeaveVisitor(None, None)
        entering = [(at, getattr(visitors[at], name)) for at, name, _ in wanted if name]
        leaving = [(at, getattr(visitors[at], name) if name else None) for at, _, name in wanted]
        return EnterLeaveVisitor(_entering(entering, self._skipping), _leaving(leaving, self._skipping))


@cache
def _methods(rules: _Rules, kind: str) -> Sequence[tuple[int, str | None, str | None]]:
    """Which rules look at this kind of node, and the names of their methods."""
    found = ((at, _name(rule, "enter", kind), _name(rule, "leave", kind)) for at, rule in enumerate(rules))
    return tuple(each for each in found if each[1] or each[2])


def _name(rule: type[Visitor], when: str, kind: str) -> str | None:
    return next((name for name in (f"{when}_{kind}", when) if hasattr(rule, name)), None)


def _entering(wanted: Sequence[tuple[int, _Method]], skipping: list[Any]) -> _Method:
    def enter(node: Node, *args: Any) -> None:
        for at, method in wanted:
            if skipping[at] is None:
                result = method(node, *args)
                if result is not None:
                    skipping[at] = _skipped(result, node)

    return enter


def _leaving(wanted: Sequence[tuple[int, _Method | None]], skipping: list[Any]) -> _Method:
    def leave(node: Node, *args: Any) -> None:
        for at, method in wanted:
            skipped = skipping[at]
            if skipped is None:
                if method is not None and method(node, *args) in (BREAK, True):
                    skipping[at] = BREAK
            elif skipped is node:
                skipping[at] = None

    return leave


def _skipped(result: Any, node: Node) -> Any:
    """What a rule does not want to see: what is below the node, or anything more."""
    if result is SKIP or result is False:
        return node
    assert result is BREAK or result is True, "rules change nothing"
    return BREAK
