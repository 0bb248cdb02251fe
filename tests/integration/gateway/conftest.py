"""The gateway subgraph over the session's stores, with the real composer."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from atrium.composer import ProcessComposer
from atrium.documents import ProcessChecker
from common.access.signing import generate_key, private_key_to_text
from common.graphql.executor import Answer
from common.graphql.subgraph import Subgraph
from common.resources import Resources
from subgraphs.gateway.app import build_parts, build_subgraph
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.settings import GatewaySettings

Ask = Callable[..., Awaitable[Answer]]
RESERVED = frozenset({"auth", "users"})


@pytest.fixture
def parts(resources: Resources) -> GatewayParts:
    """The domain's parts; small limits, so that tests can reach them."""
    settings = GatewaySettings(
        artefact_key=SecretStr(private_key_to_text(generate_key())),
        largest_sdl=20_000,
        largest_graph=50_000,
        subgraphs_per_graph=8,
        contracts_per_graph=2,
        graphs_per_organization=3,
    )
    composer = ProcessComposer(timeout=timedelta(seconds=60), memory_mb=2_000, at_once=2)
    checker = ProcessChecker(timeout=timedelta(seconds=60), memory_mb=2_000, at_once=2)
    return build_parts(resources, settings, composer=composer, checker=checker, reserved=RESERVED)


@pytest.fixture
def subgraph(resources: Resources, parts: GatewayParts) -> Subgraph[GatewayParts]:
    """The subgraph."""
    return build_subgraph(resources, parts)


@pytest.fixture
def ask(subgraph: Subgraph[GatewayParts]) -> Ask:
    """Ask the subgraph something as somebody."""

    async def ask(principal: Any, document: str, **variables: Any) -> Answer:
        return await subgraph.executor.execute(document, variables, principal=principal)

    return ask
