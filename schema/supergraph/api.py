"""The schema that clients see: the supergraph without its internals and without what is inaccessible."""

from typing import Any

from graphql import (
    REMOVE,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    Node,
    OperationTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    Visitor,
    VisitorAction,
    build_ast_schema,
    validate_schema,
    visit,
)

from schema.supergraph.features import Features, read_features
from schema.supergraph.model import NotASupergraph, Supergraph

SHOWN_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})
"""Applied directives that mean something to clients; all others are dropped."""

EXECUTABLE_LOCATIONS = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


def api_document(supergraph: Supergraph) -> DocumentNode:
    """The client schema as a document: no join, no link, nothing inaccessible."""
    features = read_features(supergraph.document)
    hidden = frozenset(name for name, known in supergraph.types.items() if known.is_inaccessible)
    document: DocumentNode = visit(supergraph.document, _Stripper(features, hidden))
    return document


def api_schema(supergraph: Supergraph) -> GraphQLSchema:
    """The client schema, ready to validate operations; raises NotASupergraph if it would not be valid."""
    try:
        schema = build_ast_schema(api_document(supergraph), assume_valid_sdl=True)
        problems = validate_schema(schema)
    except (GraphQLError, TypeError) as error:
        raise NotASupergraph(f"its client schema cannot be built: {error}") from error
    if problems:
        raise NotASupergraph(f"its client schema is not valid: {problems[0].message}")
    return schema


class _Stripper(Visitor):
    """Removes internals while walking the document once."""

    def __init__(self, features: Features, hidden: frozenset[str]) -> None:
        super().__init__()
        self._features = features
        self._hidden = hidden
        self._inaccessible = features.directive("inaccessible", "inaccessible")

    def enter(
        self, node: Node, key: Any, parent: Any, path: list[Any], ancestors: list[Any]
    ) -> VisitorAction:
        """REMOVE for what a client must not see, None for the rest."""
        match node:
            case DirectiveNode():
                return None if node.name.value in SHOWN_DIRECTIVES else REMOVE
            case DirectiveDefinitionNode():
                return None if self._is_for_clients(node) else REMOVE
            case NamedTypeNode():
                in_list = len(path) > 1 and path[-2] in ("interfaces", "types")
                return REMOVE if in_list and node.name.value in self._hidden else None
            case OperationTypeDefinitionNode():
                return REMOVE if node.type.name.value in self._hidden else None
            case TypeDefinitionNode() if self._features.owns_type(node.name.value):
                return REMOVE
            case SchemaDefinitionNode():
                return None
            case _:
                return REMOVE if self._is_inaccessible(node) else None

    def _is_for_clients(self, node: DirectiveDefinitionNode) -> bool:
        name = node.name.value
        if name in SHOWN_DIRECTIVES or self._features.owns_directive(name):
            return False
        return any(location.value in EXECUTABLE_LOCATIONS for location in node.locations)

    def _is_inaccessible(self, node: Node) -> bool:
        directives = getattr(node, "directives", None) or ()
        return any(directive.name.value == self._inaccessible for directive in directives)
