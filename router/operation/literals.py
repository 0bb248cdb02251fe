"""Argument values as canonical text, so that equal values compare equal however they were written."""

from graphql import (
    ArgumentNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    print_ast,
)
from graphql.language.print_string import print_string

from router.operation.model import Argument


def argument_of(node: ArgumentNode) -> Argument:
    """The argument with the variables its value mentions."""
    variables: set[str] = set()
    return Argument(name=node.name.value, value=_text(node.value, variables), variables=frozenset(variables))


def literal(node: ValueNode) -> str:
    """The value as text: input object fields sorted, block strings as plain ones, no spare space."""
    return _text(node, set())


def _text(node: ValueNode, variables: set[str]) -> str:
    match node:
        case VariableNode():
            variables.add(node.name.value)
            return f"${node.name.value}"
        case ListValueNode():
            return f"[{','.join(_text(each, variables) for each in node.values)}]"
        case ObjectValueNode():
            fields = sorted(node.fields, key=lambda each: each.name.value)
            return f"{{{','.join(f'{each.name.value}:{_text(each.value, variables)}' for each in fields)}}}"
        case StringValueNode():
            return print_string(node.value)
        case _:
            return print_ast(node)
