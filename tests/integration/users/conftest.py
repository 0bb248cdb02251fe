"""The users subgraph over the session's stores."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.access.principal import Principal
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from common.mail import Mail
from common.resources import Resources
from subgraphs.users.app import build_parts, build_subgraph
from subgraphs.users.service.parts import UsersParts
from subgraphs.users.settings import UsersSettings

Ask = Callable[..., Awaitable[Answer]]


class KeptMail:
    """Keeps what was sent, for tests to read."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    async def send(self, mail: Mail) -> None:
        """Keep the message."""
        self.sent.append(mail)


@pytest.fixture
def mailer() -> KeptMail:
    return KeptMail()


@pytest.fixture
def parts(mailer: KeptMail) -> UsersParts:
    return build_parts(UsersSettings(), secret="a platform secret for tests, long enough", mailer=mailer)


@pytest.fixture
def subgraph(resources: Resources, parts: UsersParts) -> Subgraph[UsersParts]:
    return build_subgraph(resources, parts)


@pytest.fixture
def ask(subgraph: Subgraph[UsersParts]) -> Ask:
    """Ask the subgraph something as somebody."""

    async def ask(principal: Principal, document: str, **variables: Any) -> Answer:
        return await subgraph.executor.execute(document, variables, principal=principal)

    return ask
