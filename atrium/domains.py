"""The domains of the platform: the one list of them, and how each is joined."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from common.tasks.task import TaskSet

from atrium.joined import Joined
from common.graphql.schema import SubgraphSchema
from common.graphql.subgraph import Subgraph
from common.settings import AtriumSettings, load
from subgraphs.auth import app as auth
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.settings import AuthSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain: its schema, its tasks, what it brings along, and its subgraph made of both."""

    name: str
    settings: type[AtriumSettings]
    schema: SubgraphSchema
    tasks: TaskSet
    parts: Callable[[Joined], Any]
    subgraph: Callable[[Joined, Any], Subgraph[Any]]
    running: Callable[[Any], AbstractAsyncContextManager[Any]] = nullcontext


def auth_parts(joined: Joined) -> AuthParts:
    """What auth works with."""
    return auth.build_parts(
        load(AuthSettings),
        secret=joined.settings.secret.get_secret_value(),
        database=joined.resources.database,
        clock=joined.resources.clock,
        people=joined.people,
        applications=joined.applications,
        mailer=joined.mailer,
    )
