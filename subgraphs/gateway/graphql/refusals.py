"""What does not compose, or cannot run, in the payload of a mutation with every reason."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.errors import DocumentsRefused, SchemaDoesNotCompose
from subgraphs.gateway.providers.protocol import Problem
from subgraphs.gateway.service.operations_publication import MOST_PROBLEMS, RefusedDocument

PayloadT = TypeVar("PayloadT")


@strawberry.type(description="A place in the SDL of a subgraph.")
class SchemaLocation:
    """Where a problem shows."""

    subgraph: str = strawberry.field(description="In which subgraph.")
    line: int = strawberry.field(description="In which line, from 1.")
    column: int = strawberry.field(description="In which column, from 1.")


@strawberry.type(description="One reason why subgraphs do not compose.")
class CompositionProblem:
    """A code, a sentence, the places."""

    code: str = strawberry.field(description="One of the codes of Federation 2.")
    message: str = strawberry.field(description="What is wrong and what to change, for people.")
    contract: str | None = strawberry.field(
        description="The contract that cannot be made; null if the whole graph cannot."
    )
    text: str = strawberry.field(description="All of it, as a compiler would print it.")
    locations: list[SchemaLocation] = strawberry.field(description="Where it shows.")


@strawberry.type(description="The subgraphs do not compose; nothing was changed.")
class CompositionRefusedError(UserError):
    """Every reason why there is no new supergraph."""

    problems: list[CompositionProblem] = strawberry.field(description="Every reason that was found.")


@strawberry.type(description="One reason why a document cannot run.")
class DocumentProblem:
    """Which document, which operation, where, what and what to do."""

    document_id: str = strawberry.field(description="The id of the document.")
    operation: str | None = strawberry.field(description="The operation or fragment, if it has a name.")
    line: int | None = strawberry.field(description="In which line of the document, from 1.")
    column: int | None = strawberry.field(description="In which column, from 1.")
    message: str = strawberry.field(description="What is wrong.")
    advice: str = strawberry.field(description="What to do about it.")


@strawberry.type(description="Documents do not fit the active schema; nothing was changed.")
class DocumentsRefusedError(UserError):
    """Every reason why nothing was registered."""

    problems: list[DocumentProblem] = strawberry.field(
        description="The reasons that were found; of very many the first."
    )
    problem_count: int = strawberry.field(description="How many reasons there are.")


async def checked_payload_of(payload: Callable[..., PayloadT], change: Awaitable[PayloadT]) -> PayloadT:
    """Like `payload_of`, with the problems of documents as an error of their own."""

    async def checking() -> PayloadT:
        try:
            return await change
        except DocumentsRefused as refused:
            return payload(errors=[_documents_refused(refused)])

    return await payload_of(payload, checking())


def _documents_refused(refused: DocumentsRefused) -> DocumentsRefusedError:
    problems = [problem for problem in refused.problems if isinstance(problem, RefusedDocument)]
    return DocumentsRefusedError(
        message=refused.message,
        code=refused.code,
        path=["input", "documents"],
        problem_count=len(problems),
        problems=[
            DocumentProblem(
                document_id=each.id,
                operation=each.problem.operation or None,
                line=each.problem.line or None,
                column=each.problem.column or None,
                message=each.problem.message,
                advice=each.problem.advice,
            )
            for each in problems[:MOST_PROBLEMS]
        ],
    )


async def publication_payload_of(payload: Callable[..., PayloadT], change: Awaitable[PayloadT]) -> PayloadT:
    """Like `payload_of`, with the problems of a composition as an error of their own."""

    async def composing() -> PayloadT:
        try:
            return await change
        except SchemaDoesNotCompose as refused:
            return payload(errors=[_shown(refused)])

    return await payload_of(payload, composing())


def _shown(refused: SchemaDoesNotCompose) -> CompositionRefusedError:
    problems = [_problem(problem) for problem in refused.problems if isinstance(problem, Problem)]
    return CompositionRefusedError(
        message=refused.message, code=refused.code, path=["input"], problems=problems
    )


def _problem(problem: Problem) -> CompositionProblem:
    return CompositionProblem(
        code=problem.code,
        message=problem.message,
        contract=problem.contract or None,
        text=problem.text,
        locations=[
            SchemaLocation(subgraph=place.subgraph, line=place.line, column=place.column)
            for place in problem.locations
        ],
    )
