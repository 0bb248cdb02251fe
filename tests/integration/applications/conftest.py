"""The applications subgraph over the session's stores."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from common.access.principal import Principal
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from common.resources import Resources
from subgraphs.applications.app import build_parts, build_subgraph
from subgraphs.applications.service.parts import ApplicationsParts
from subgraphs.applications.settings import ApplicationsSettings

Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def subgraph(resources: Resources) -> Subgraph[ApplicationsParts]:
    return build_subgraph(resources, build_parts(ApplicationsSettings(environments_per_application=5)))


@pytest.fixture
def ask(subgraph: Subgraph[ApplicationsParts]) -> Ask:
    """Ask the subgraph something as somebody."""

    async def ask(principal: Principal, document: str, **variables: Any) -> Answer:
        return await subgraph.executor.execute(document, variables, principal=principal)

    return ask
