"""`__schema` and `__type`, answered from the API schema and kept, since the schema does not change."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema, execute_sync, parse

from router.operation.model import Conditions, Field, InlineFragment, Operation, SelectionSet

_MAX_ANSWERS = 32


class Introspection:
    """The introspection part of one operation. Answers are shared between requests: do not change them."""

    def __init__(self, operation: Operation, fields: Sequence[Field], schema: GraphQLSchema) -> None:
        mentioned = _mentioned(fields)
        self._schema = schema
        self._variables = tuple(each for each in operation.variables if each.name in mentioned)
        declared = ",".join(f"${each.name}:{each.type}" for each in self._variables)
        head = f"query({declared})" if declared else "query"
        self._document = parse(f"{head}{{{''.join(map(_field, fields))}}}")
        self._answers: dict[tuple[Any, ...], Mapping[str, Any]] = {}

    def answer(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Response key to answer for every introspection field that takes part."""
        used = {each.name: variables[each.name] for each in self._variables if each.name in variables}
        key = tuple(repr(used.get(each.name)) for each in self._variables)
        answer = self._answers.get(key)
        if answer is None:
            answer = execute_sync(self._schema, self._document, variable_values=used).data or {}
            if len(self._answers) >= _MAX_ANSWERS:
                self._answers.clear()
            self._answers[key] = answer
        return answer


def _mentioned(fields: Sequence[Field]) -> set[str]:
    names: set[str] = set()
    for item in fields:
        names |= _mentioned_by(item)
    return names


def _mentioned_by(item: Field | InlineFragment) -> set[str]:
    names = {condition.variable for condition in item.conditions}
    if isinstance(item, Field):
        for argument in item.arguments:
            names |= argument.variables
    for below in item.selections or ():
        names |= _mentioned_by(below)
    return names


def _field(item: Field) -> str:
    arguments = ",".join(f"{each.name}:{each.value}" for each in item.arguments)
    text = f"{item.response_key}:{item.name}"
    text += f"({arguments})" if arguments else ""
    text += "".join(_directives(item.conditions))
    return f"{text}{_selections(item.selections)} " if item.selections is not None else f"{text} "


def _selections(selections: SelectionSet) -> str:
    return f"{{{''.join(map(_item, selections))}}}"


def _item(item: Field | InlineFragment) -> str:
    if isinstance(item, Field):
        return _field(item)
    return f"...on {item.type_condition}{''.join(_directives(item.conditions))}{_selections(item.selections)}"


def _directives(conditions: Conditions) -> Iterator[str]:
    for condition in conditions:
        yield f"@{'include' if condition.wanted else 'skip'}(if:${condition.variable})"
