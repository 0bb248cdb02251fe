"""Runs operations of one subgraph: the one way in, for the router in process and for the HTTP app."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Generic, TypeVar

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    InitialIncrementalExecutionResult,
    OperationType,
    SubsequentIncrementalExecutionResult,
    execute,
    experimental_execute_incrementally,
    get_operation_ast,
    parse,
    specified_rules,
    subscribe,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext, validate_document

from common.access.principal import Principal
from common.graphql.context import ClientRequest, Context
from common.graphql.errors import PARSE_FAILED, VALIDATION_FAILED, all_shown, shown
from common.graphql.schema import SubgraphSchema
from common.ids import uuid7
from common.resources import Resources
from common.telemetry.logs import request_id
from common.telemetry.metrics import OPERATIONS, timed
from common.telemetry.traces import span

PartsT = TypeVar("PartsT")

_is_awaitable: Any = optimized_is_awaitable  # knows the usual values by their type
_DOCUMENTS = 1_000
_LONGEST_KEPT = 32_768
_MOST_TOKENS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a subgraph answers; `errors` are in GraphQL's response format.

    `event_id`: where this event of a subscription stands, if one can go on behind it.
    """

    data: dict[str, Any] | None
    errors: tuple[dict[str, Any], ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)
    set_cookies: tuple[str, ...] = ()
    event_id: str | None = None


class _Refused(Exception):
    def __init__(self, errors: tuple[dict[str, Any], ...]) -> None:
        super().__init__("the document was refused")
        self.errors = errors


class SubgraphExecutor(Generic[PartsT]):
    """One subgraph's schema with what its resolvers need. Documents are parsed and validated once."""

    def __init__(self, *, domain: str, schema: SubgraphSchema, resources: Resources, parts: PartsT) -> None:
        self.domain = domain
        self._schema = schema
        self._resources = resources
        self._parts = parts
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        principal: Principal,
        request: ClientRequest | None = None,
    ) -> Answer:
        """The answer to a query or mutation. Never raises for what is wrong with the question."""
        context = self._context(principal, request)
        name = f"atrium.subgraph.{self.domain}"
        with request_id(context.request.id), span(name), timed(OPERATIONS, self.domain) as outcome:
            answer = await self._answer(document, variables, operation_name, context)
            outcome.name = "ok" if not answer.errors else "errors"
            return answer

    async def _answer(
        self,
        document: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        context: Context[PartsT],
    ) -> Answer:
        try:
            parsed = self._document(document)
            _refuse_subscription(parsed, operation_name)
        except _Refused as refused:
            return Answer(data=None, errors=refused.errors)
        run = experimental_execute_incrementally if self._schema.streams else execute
        executed = run(
            self._schema.core,
            parsed,
            context_value=context,
            variable_values=dict(variables or {}),
            operation_name=operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            is_awaitable=_is_awaitable,
        )
        result = await executed if isawaitable(executed) else executed
        if not isinstance(result, ExecutionResult):
            await result.subsequent_results.aclose()
            result = ExecutionResult(None, errors=[GraphQLError("This answer comes in parts: accept them.")])
        return _answer(result, context)

    async def parts(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        principal: Principal,
        request: ClientRequest | None = None,
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answer to a query in parts, as the specification's draft of incremental delivery writes them.

        One part, as any other answer, if nothing is streamed. Cookies are for answers in one piece.
        """
        context = self._context(principal, request)
        name = f"atrium.subgraph.{self.domain}"
        with request_id(context.request.id), span(name), timed(OPERATIONS, self.domain) as outcome:
            first, rest = await self._begin(document, variables, operation_name, context)
            outcome.name = "errors" if "errors" in first else "ok"
        try:
            yield first
            while rest is not None:
                with request_id(context.request.id):  # see `_next`
                    part = await anext(rest, None)
                    if part is None:
                        return
                    written = _part(part)
                yield written
        finally:
            if rest is not None:
                await rest.aclose()

    async def _begin(
        self,
        document: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        context: Context[PartsT],
    ) -> tuple[dict[str, Any], AsyncGenerator[SubsequentIncrementalExecutionResult, None] | None]:
        try:
            parsed = self._document(document)
            _refuse_all_but_queries(parsed, operation_name)
        except _Refused as refused:
            return {"errors": list(refused.errors)}, None
        executed = experimental_execute_incrementally(
            self._schema.core,
            parsed,
            context_value=context,
            variable_values=dict(variables or {}),
            operation_name=operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            is_awaitable=_is_awaitable,
        )
        result = await executed if isawaitable(executed) else executed
        if isinstance(result, ExecutionResult):
            return _first(result), None
        initial = result.initial_result
        going_on = {"pending": [each.formatted for each in initial.pending], "hasNext": initial.has_next}
        return {**_first(initial), **going_on}, result.subsequent_results

    async def subscribe(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        principal: Principal,
        request: ClientRequest | None = None,
        told_position: Callable[[str], None] | None = None,
    ) -> AsyncGenerator[Answer, None]:
        """One answer per event, until the source ends; a single one with errors if it cannot begin.

        `told_position` hears of the id behind which it begins, if its events have ids.
        """
        context = self._context(principal, request)
        context.told_position = told_position
        try:
            parsed = self._document(document)
        except _Refused as refused:
            yield Answer(data=None, errors=refused.errors)
            return
        source = await self._source(parsed, variables, operation_name, context)
        if isinstance(source, ExecutionResult):
            yield _answer(source, context)
            return
        try:
            while (answer := await self._next(source, context)) is not None:
                yield answer
                context.forget_loaded()
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    @staticmethod
    async def _next(source: AsyncIterator[ExecutionResult], context: Context[PartsT]) -> Answer | None:
        """The answer to the next event, or why there will be none any more; None at the end.

        The request id is set for each step alone: whoever reads may do so from another task each time.
        """
        with request_id(context.request.id):
            try:
                return _answer(await anext(source), context)
            except StopAsyncIteration:
                return None
            except Exception as error:  # the source failed; what a client may read of it decides `shown`
                failed = error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error)
                return Answer(data=None, errors=(shown(failed),))

    async def _source(
        self,
        parsed: DocumentNode,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        context: Context[PartsT],
    ) -> AsyncIterator[ExecutionResult] | ExecutionResult:
        try:
            source = subscribe(
                self._schema.core,
                parsed,
                context_value=context,
                variable_values=dict(variables or {}),
                operation_name=operation_name,
                executor_class=StrawberryGraphQLCoreExecutionContext,
            )
            return await source if isawaitable(source) else source
        except GraphQLError as error:  # not a subscription
            return ExecutionResult(None, errors=[error])

    def _document(self, text: str) -> DocumentNode:
        parsed = self._documents.get(text)
        if parsed is not None:
            self._documents.move_to_end(text)
            return parsed
        try:
            parsed = parse(text, max_tokens=_MOST_TOKENS)
        except GraphQLError as error:
            raise _Refused((shown(error, code=PARSE_FAILED),)) from error
        problems = validate_document(self._schema.core, parsed, tuple(specified_rules))
        if problems:
            raise _Refused(tuple(shown(problem, code=VALIDATION_FAILED) for problem in problems))
        if len(text) <= _LONGEST_KEPT:
            self._documents[text] = parsed
            if len(self._documents) > _DOCUMENTS:
                self._documents.popitem(last=False)
        return parsed

    def _context(self, principal: Principal, request: ClientRequest | None) -> Context[PartsT]:
        return Context(
            domain=self.domain,
            principal=principal,
            request=request or ClientRequest(id=str(uuid7())),
            resources=self._resources,
            parts=self._parts,
        )


def _refuse_subscription(parsed: DocumentNode, operation_name: str | None) -> None:
    operation = get_operation_ast(parsed, operation_name)
    if operation is not None and operation.operation is OperationType.SUBSCRIPTION:
        raise _Refused((shown(GraphQLError("A subscription cannot be executed.", operation)),))


def _refuse_all_but_queries(parsed: DocumentNode, operation_name: str | None) -> None:
    operation = get_operation_ast(parsed, operation_name)
    if operation is not None and operation.operation is not OperationType.QUERY:
        raise _Refused((shown(GraphQLError("Only queries are answered in parts.", operation)),))


def _first(result: ExecutionResult | InitialIncrementalExecutionResult) -> dict[str, Any]:
    """The first part, errors as clients may see them."""
    part: dict[str, Any] = {"data": result.data}
    if result.errors:
        part["errors"] = list(all_shown(result.errors))
    return part


def _part(result: SubsequentIncrementalExecutionResult) -> dict[str, Any]:
    """A later part, errors as clients may see them."""
    part: dict[str, Any] = {"hasNext": result.has_next}
    if result.pending:
        part["pending"] = [each.formatted for each in result.pending]
    if result.incremental:
        part["incremental"] = [
            {**each.formatted, "errors": list(all_shown(each.errors or ()))} for each in result.incremental
        ]
    if result.completed:
        part["completed"] = [
            {**each.formatted, "errors": list(all_shown(each.errors or ()))} for each in result.completed
        ]
    return part


def _answer(result: ExecutionResult, context: Context[Any]) -> Answer:
    cookies, context.cookies = tuple(context.cookies), []
    return Answer(
        data=result.data,
        errors=all_shown(result.errors or ()),
        set_cookies=cookies,
        event_id=context.event_id,
    )
