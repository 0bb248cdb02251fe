"""The gateway domain's parts, for processes that serve it and for commands that need no other domain."""

from atrium.composer import ProcessComposer
from atrium.documents import ProcessChecker
from atrium.joined import Joined
from common.settings import load
from schema.store import read_artefact_subgraphs
from subgraphs.gateway import app as gateway
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.settings import GatewaySettings


def gateway_parts(process: Joined) -> GatewayParts:
    """What gateway works with; the names of the platform's own subgraphs are nobody else's."""
    settings = load(GatewaySettings)
    composer = ProcessComposer(
        timeout=settings.compose_timeout,
        memory_mb=settings.compose_memory_mb,
        at_once=settings.compose_at_once,
    )
    checker = ProcessChecker(
        timeout=settings.check_timeout,
        memory_mb=settings.compose_memory_mb,
        at_once=settings.compose_at_once,
    )
    return gateway.build_parts(
        process.resources,
        settings,
        composer=composer,
        checker=checker,
        reserved=frozenset(read_artefact_subgraphs()),
    )
