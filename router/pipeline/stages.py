"""The eight stages with the hooks around them, put together once: a stage without hooks costs nothing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from router.compiled.running import Running
from router.cost.costs import Costs
from router.hooks.protocol import Hook, Stage
from router.hooks.registry import hooked
from router.operation.model import Operation
from router.pipeline.authorise import authorise
from router.pipeline.costed import costed
from router.pipeline.execute import execute
from router.pipeline.parse import parse
from router.pipeline.plan import plan
from router.pipeline.project import project
from router.pipeline.receive import receive
from router.pipeline.respond import respond
from router.pipeline.router import Router
from router.pipeline.validate import validate
from router.pipeline.values import Answer, Document, Planned, Received, Validated
from router.plan.result import Fetched
from router.wire.exchange import Incoming, Outgoing, SocketFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """One function a stage."""

    receive: Callable[[Incoming | SocketFrame, Router], Awaitable[Received]]
    parse: Callable[[Received, Router], Awaitable[Document]]
    validate: Callable[[Received, Document, Router], Awaitable[Validated]]
    authorise: Callable[[Received, Validated, Router], Awaitable[Operation]]
    plan: Callable[[Received, Validated, Operation, Router], Awaitable[Planned]]
    execute: Callable[[Received, Validated, Planned, Router], Awaitable[Fetched | Running]]
    project: Callable[[Received, Validated, Planned, Fetched | Running, Router], Awaitable[Answer]]
    respond: Callable[[Received, Answer], Awaitable[Outgoing]]


def stages_with(hooks: Sequence[Hook], costs: Costs | None = None) -> Stages:
    """The stages, each with the hooks that want it."""
    projecting = project if costs is None else costed(project, costs)
    return Stages(
        receive=hooked(Stage.RECEIVE, receive, hooks),
        parse=hooked(Stage.PARSE, parse, hooks),
        validate=hooked(Stage.VALIDATE, validate, hooks),
        authorise=hooked(Stage.AUTHORISE, authorise, hooks),
        plan=hooked(Stage.PLAN, plan, hooks),
        execute=hooked(Stage.EXECUTE, execute, hooks),
        project=hooked(Stage.PROJECT, projecting, hooks),
        respond=hooked(Stage.RESPOND, respond, hooks),
    )
