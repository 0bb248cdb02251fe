"""What checks documents for the registry, apart: `python -m atrium.documents_child`, JSON in and JSON out."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
)

from atrium.question import answered
from router.errors import ClientError
from router.operation.parse import parse
from router.operation.validate import validate
from router.settings import OperationLimits
from schema.supergraph.api import api_schema
from schema.supergraph.parse import parse_supergraph
from subgraphs.gateway.providers.documents import CheckedDocument, DocumentProblem, FoundOperation

_MOST_PROBLEMS = 20
"""Of one document."""
_HUGE = 10**9
# Each router has limits of its own, which its operator sets; here only what never can run is refused.
_LIMITS = OperationLimits(
    max_depth=_HUGE,
    max_aliases=_HUGE,
    max_root_fields=_HUGE,
    max_directives=_HUGE,
    max_tokens=50_000,
    max_selections=1_000_000,
)
_ADVICE = (
    ("Syntax Error", "Mend the document: it is no GraphQL."),
    ("Cannot query field", "Take the field out, or publish and activate a schema that has it first."),
    ("Unknown argument", "Take the argument out, or publish and activate a schema that has it first."),
    ("Unknown type", "Use a type of the schema, or publish and activate a schema that has it first."),
    ("Unknown fragment", "Put the fragment into the document: each one has to be whole."),
    ("Unknown directive", "Take the directive out: tools that use it have to remove it from the manifest."),
    ("Fragment", "Take the fragment out, or use it where its type can be."),
    ("Value", "Write a value of the type that the schema asks for."),
    ("Variable", "Declare each variable once, with a type that fits its use, and use it."),
)
_ELSE = "Change the operation as the message says, and build the manifest anew."


def answer_of(question: Mapping[str, Any]) -> dict[str, Any]:
    """What the child answers: the operations of each document, or what is wrong with it."""
    schema = api_schema(parse_supergraph(question["supergraph"]))
    return {"documents": [asdict(checked(text, schema)) for text in question["documents"]]}


def checked(text: str, schema: GraphQLSchema) -> CheckedDocument:
    """One document, held against the schema that clients see."""
    document = None
    try:
        document = parse(text, max_tokens=_LIMITS.max_tokens)
        validate(document, schema, limits=_LIMITS)
    except ClientError as refused:
        return CheckedDocument(problems=tuple(_problems(refused, document)))
    except RecursionError:
        return CheckedDocument(problems=(_problem("It nests deeper than can be checked.", document),))
    operations = tuple(_operations(document))
    if not operations:
        return CheckedDocument(problems=(_problem("It has no operation.", document),))
    names = [operation.name for operation in operations]
    if len(names) > 1 and "" in names:
        return CheckedDocument(problems=(_problem("One of several operations has no name.", document),))
    return CheckedDocument(operations=operations)


def _operations(document: DocumentNode) -> Iterator[FoundOperation]:
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            yield FoundOperation(name=node.name.value if node.name else "", kind=node.operation.value)


def _problems(refused: ClientError, document: DocumentNode | None) -> Iterator[DocumentProblem]:
    found = getattr(refused, "problems", ())
    if not found:
        yield _problem(str(refused), document)
    for problem in found[:_MOST_PROBLEMS]:
        line, column = problem.locations[0] if problem.locations else (0, 0)
        yield _problem(problem.message, document, line, column)


def _problem(message: str, document: DocumentNode | None, line: int = 0, column: int = 0) -> DocumentProblem:
    return DocumentProblem(
        message=message,
        advice=next((advice for start, advice in _ADVICE if message.startswith(start)), _ELSE),
        operation=_operation_at(document, line),
        line=line,
        column=column,
    )


def _operation_at(document: DocumentNode | None, line: int) -> str:
    """The operation or fragment that stands in a line; the first operation if no line is known."""
    named = ""
    for node in document.definitions if document is not None else ():
        if not isinstance(node, OperationDefinitionNode | FragmentDefinitionNode) or node.loc is None:
            continue
        first, last = node.loc.start_token.line, node.loc.end_token.line
        name = node.name.value if node.name else ""
        if first <= line <= last:
            return name if isinstance(node, OperationDefinitionNode) else f"fragment {name}"
        if not named and isinstance(node, OperationDefinitionNode):
            named = name
    return named


def main() -> int:
    """Answer the question on stdin."""
    return answered(answer_of)


if __name__ == "__main__":
    sys.exit(main())
