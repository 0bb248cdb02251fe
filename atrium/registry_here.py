"""The registry on the database of this installation: for operators, and for the start of the platform."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from atrium.attach import attached
from atrium.failure import Failed
from atrium.joined import Joined, joined
from atrium.registry import Registry, data_of, registry_of
from atrium.registry_parts import gateway_parts
from common.access.principal import Principal
from common.errors import DomainError
from common.graphql.executor import SubgraphExecutor
from common.settings import CommonSettings, load
from common.telemetry.logs import configure_logs
from schema.store import read_artefact_subgraphs
from subgraphs.gateway.app import build_subgraph
from subgraphs.gateway.errors import SchemaDoesNotCompose
from subgraphs.gateway.providers.protocol import Problem, SubgraphText
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.platform import PlatformGraph, acting_for
from subgraphs.gateway.service.platform_schema import publish_own as publish_own_schemas
from subgraphs.users.repository.organizations import OrganizationRepository

MadeT = TypeVar("MadeT")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDatabase:
    """A graph of the organisation with this slug; without one, of that which has the platform's graph."""

    data: Path
    organization: str | None
    graph: str

    def use(self, ask: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
        """What `ask` makes of the graph; raises RegistryRefused or Failed."""
        with attached(self.data, may_start=False):
            return asyncio.run(self._use(ask))

    async def _use(self, ask: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
        settings = load(CommonSettings)
        configure_logs(level=settings.log_level, as_json=False)
        async with joined(settings) as process:
            owner = acting_for(await self._owner(process))
            subgraph = build_subgraph(process.resources, gateway_parts(process))
            return await ask(await registry_of(_InProcess(subgraph.executor, owner), self.graph))

    async def _owner(self, process: Joined) -> Any:
        database = process.resources.database
        if self.organization is None:
            graph = await PlatformGraph(database).current()
            if graph is None:
                raise Failed("There is no platform graph yet: found an organization first (`atrium found`).")
            return graph.organization_id
        async with database.unit_of_work_for_system(domain="users", job="registry") as work:
            organization = await OrganizationRepository(work.session).by_slug_for_system(self.organization)
        if organization is None:
            raise Failed(f"There is no organization {self.organization!r}.")
        return organization.id


def publish_own(data: Path) -> None:
    """Bring the platform's own schemas in its graph up to date, and say what was done."""
    with attached(data, may_start=False):
        print(asyncio.run(_publish_own()))


async def _publish_own() -> str:
    own = [
        SubgraphText(name=name, url=f"http://{name}:4000/graphql", sdl=sdl)
        for name, sdl in read_artefact_subgraphs().items()
    ]
    async with joined(load(CommonSettings)) as process:
        database, clock = process.resources.database, process.resources.clock
        try:
            done = await publish_own_schemas(database, clock, gateway_parts(process), own)
        except SchemaDoesNotCompose as refused:
            texts = [problem.text for problem in refused.problems if isinstance(problem, Problem)]
            raise Failed(
                "The platform's own subgraphs do not compose with what others published in its graph;"
                " what is active stays.\n" + "\n".join(texts)
            ) from refused
        except DomainError as refused:
            raise Failed(refused.message) from refused
    if done is None:
        return "There is no platform graph yet: found an organization first."
    if done.supergraph is None or not done.is_new:
        return "The platform's own schemas are published already."
    return f"The platform's own schemas are published: supergraph {done.supergraph.number} is active."


@dataclass(frozen=True, slots=True)
class _InProcess:
    executor: SubgraphExecutor[GatewayParts]
    principal: Principal

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = await self.executor.execute(document, variables, principal=self.principal)
        return data_of({"data": answer.data, "errors": list(answer.errors)})
