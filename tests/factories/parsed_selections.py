"""What graphql-core's parser says that a document selects."""

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode, parse

from router.plan.selections import Selected, Selections


def parsed_selections(document: str) -> Selections:
    """The same as `selections_in`, read slowly and beyond doubt."""
    (definition,) = parse(document).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return _selections(definition.selection_set)


def _selections(nodes: SelectionSetNode) -> Selections:
    found = []
    for node in nodes.selections:
        match node:
            case FieldNode():
                below = None if node.selection_set is None else _selections(node.selection_set)
                found.append(Selected((node.alias or node.name).value, None, below))
            case InlineFragmentNode():
                on = node.type_condition.name.value if node.type_condition else None
                found.append(Selected(None, on, _selections(node.selection_set)))
            case _:
                raise AssertionError(node)
    return found
