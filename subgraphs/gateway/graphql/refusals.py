"""Subgraphs that do not compose, in the payload of a mutation with every reason."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import strawberry

from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.errors import SchemaDoesNotCompose
from subgraphs.gateway.providers.protocol import Problem

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
