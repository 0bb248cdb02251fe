"""The way to a registry: the database here, or the endpoint of a platform elsewhere.

Imports only the way that is taken: a pipeline that asks an endpoint needs no database, and starts in half the
time.
"""

from dataclasses import dataclass
from pathlib import Path

from atrium.registry import PLATFORM_GRAPH, Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which graph is meant, and where its registry is.

    Without `endpoint` it is the database: there the graph is the platform's own, unless the slug of another
    organisation is given. With `endpoint`, `api_key` says who asks, and for whose organisation.
    """

    data: Path
    graph: str = PLATFORM_GRAPH
    organization: str | None = None
    endpoint: str | None = None
    api_key: str | None = None


def reach_of(where: Where) -> Reach:
    """The way there."""
    if where.endpoint is not None:
        from atrium.registry_endpoint import AtEndpoint

        return AtEndpoint(url=where.endpoint, api_key=where.api_key, graph=where.graph)
    from atrium.registry_here import OnDatabase

    return OnDatabase(data=where.data, organization=where.organization, graph=where.graph)
