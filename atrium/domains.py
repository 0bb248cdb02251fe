"""The domains of the platform: the one list of them, and how each is joined."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from atrium.joined import Joined
from atrium.registry_parts import gateway_parts
from common.graphql.schema import SubgraphSchema
from common.graphql.subgraph import Subgraph
from common.settings import AtriumSettings, load
from common.tasks.task import TaskSet
from subgraphs.applications import app as applications
from subgraphs.applications.graphql.schema import SCHEMA as APPLICATIONS_SCHEMA
from subgraphs.applications.service.parts import ApplicationsParts
from subgraphs.applications.settings import ApplicationsSettings
from subgraphs.auth import app as auth
from subgraphs.auth.graphql.schema import SCHEMA as AUTH_SCHEMA
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.settings import AuthSettings
from subgraphs.auth.tasks import TASKS as AUTH_TASKS
from subgraphs.gateway import app as gateway
from subgraphs.gateway.graphql.schema import SCHEMA as GATEWAY_SCHEMA
from subgraphs.gateway.settings import GatewaySettings
from subgraphs.gateway.tasks import TASKS as GATEWAY_TASKS
from subgraphs.users import app as users
from subgraphs.users.graphql.schema import SCHEMA as USERS_SCHEMA
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.settings import UsersSettings
from subgraphs.users.tasks import TASKS as USERS_TASKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain: its schema and tasks, what both work with, and its subgraph.

    `running`: what goes on in a process that answers requests, as long as it does. `asks_others`: it uses
    the directories of other domains, and needs their addresses when it is served alone.
    """

    name: str
    settings: type[AtriumSettings]
    schema: SubgraphSchema
    tasks: TaskSet
    parts: Callable[[Joined], Any]
    subgraph: Callable[[Joined, Any], Subgraph[Any]]
    running: Callable[[Any], AbstractAsyncContextManager[Any]] = nullcontext
    asks_others: bool = False


def auth_parts(process: Joined) -> AuthParts:
    """What auth works with."""
    return auth.build_parts(
        process.resources,
        load(AuthSettings),
        secret=process.settings.secret.get_secret_value(),
        people=process.people,
        applications=process.applications,
        mailer=process.mailer,
    )


def users_parts(process: Joined) -> UsersParts:
    """What users works with."""
    secret = process.settings.secret.get_secret_value()
    return users.build_parts(load(UsersSettings), secret=secret, mailer=process.mailer)


def applications_parts(process: Joined) -> ApplicationsParts:
    """What applications works with."""
    return applications.build_parts(load(ApplicationsSettings))


DOMAINS: tuple[Domain, ...] = (
    Domain(
        name="auth",
        settings=AuthSettings,
        schema=AUTH_SCHEMA,
        tasks=AUTH_TASKS,
        parts=auth_parts,
        subgraph=lambda process, parts: auth.build_subgraph(process.resources, parts),
        running=auth.running,
        asks_others=True,
    ),
    Domain(
        name="users",
        settings=UsersSettings,
        schema=USERS_SCHEMA,
        tasks=USERS_TASKS,
        parts=users_parts,
        subgraph=lambda process, parts: users.build_subgraph(process.resources, parts),
    ),
    Domain(
        name="applications",
        settings=ApplicationsSettings,
        schema=APPLICATIONS_SCHEMA,
        tasks=TaskSet(domain="applications"),
        parts=applications_parts,
        subgraph=lambda process, parts: applications.build_subgraph(process.resources, parts),
    ),
    Domain(
        name="gateway",
        settings=GatewaySettings,
        schema=GATEWAY_SCHEMA,
        tasks=GATEWAY_TASKS,
        parts=gateway_parts,
        subgraph=lambda process, parts: gateway.build_subgraph(process.resources, parts),
    ),
)
