"""Text to document: GraphQL syntax, bounded in length."""

import graphql
from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError

from router.errors import MaxTokensExceeded, ParseFailed, Problem
from router.settings import OperationLimits

_TOO_MANY_TOKENS = "tokens. Parsing aborted"


def parse(text: str, *, max_tokens: int = OperationLimits().max_tokens) -> DocumentNode:
    """The syntax tree of a client document, with locations; comments count as tokens."""
    try:
        return _light(graphql.parse(text, max_tokens=max_tokens, allow_empty_selection_sets=False))
    except GraphQLSyntaxError as refused:
        if _TOO_MANY_TOKENS in refused.message:
            raise MaxTokensExceeded(limit=max_tokens) from refused
        raise ParseFailed(refused.message, problems=(_problem(refused),)) from refused
    except RecursionError as cause:
        raise ParseFailed("The document is nested too deeply to be read.") from cause


def _light(document: DocumentNode) -> DocumentNode:
    """The document without links between its tokens: nobody follows them, and they go in circles."""
    token = document.loc.start_token if document.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following
    return document


def _problem(refused: GraphQLError) -> Problem:
    locations = tuple((place.line, place.column) for place in refused.locations or ())
    return Problem(message=refused.message, locations=locations)
