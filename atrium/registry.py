"""The registry for commands: on the database itself, or through the endpoint of a platform elsewhere.

Both ask the same questions of the same GraphQL schema; they differ in who asks and how it gets there.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiohttp
import orjson

from atrium.attach import attached
from atrium.domains import gateway_parts
from atrium.failure import Failed
from atrium.joined import Joined, joined
from common.errors import DomainError
from common.graphql.executor import SubgraphExecutor
from common.settings import CommonSettings, load
from schema.store import read_artefact_subgraphs
from subgraphs.gateway.app import build_subgraph
from subgraphs.gateway.errors import SchemaDoesNotCompose
from subgraphs.gateway.models import PLATFORM_GRAPH
from subgraphs.gateway.providers.protocol import Problem, SubgraphText
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.platform import PlatformGraph, acting_for
from subgraphs.gateway.service.platform_schema import publish_own as publish_own_schema
from subgraphs.users.repository.organizations import OrganizationRepository

_LARGEST_ANSWER = 64 * 1024 * 1024
_ENDPOINT_SECONDS = 180
_ERRORS = (
    "errors { __typename code message path ... on CompositionRefusedError { problems {"
    " code message contract text locations { subgraph line column } } } }"
)

MadeT = TypeVar("MadeT")
Errors = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which graph is meant, and the way to its registry.

    Without `endpoint` it is the database: there the graph is the platform's own, unless the slug of another
    organisation is given. With `endpoint`, `api_key` says who asks, and for whose organisation.
    """

    data: Path
    graph: str = PLATFORM_GRAPH
    organization: str | None = None
    endpoint: str | None = None
    api_key: str | None = None


class RegistryRefused(Exception):
    """The registry said no; `errors` are as it wrote them."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.errors = errors


class _Asking(Protocol):
    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The data; raises RegistryRefused if something is wrong with the whole question."""
        ...


@dataclass(frozen=True, slots=True)
class Registry:
    """One graph in a registry."""

    asking: _Asking
    graph_id: str

    async def change(self, verb: str, selection: str, **values: Any) -> Mapping[str, Any]:
        """The payload of a mutation; raises RegistryRefused with every error in it."""
        given = {name: value for name, value in values.items() if value is not None}
        kind = f"{verb[0].upper()}{verb[1:]}Input"
        data = await self.asking.ask(
            f"mutation Change($input: {kind}!) {{ {verb}(input: $input) {{ {selection} {_ERRORS} }} }}",
            {"input": {"graphId": self.graph_id, **given}},
        )
        payload: Mapping[str, Any] = data[verb]
        if payload["errors"]:
            raise RegistryRefused(payload["errors"])
        return payload

    async def read(self, selection: str) -> Mapping[str, Any]:
        """Fields of the graph."""
        document = f"query Read($id: ID!) {{ graph(id: $id) {{ {selection} }} }}"
        found: Mapping[str, Any] = (await self.asking.ask(document, {"id": self.graph_id}))["graph"]
        return found


def with_registry(where: Where, use: Callable[[Registry], Awaitable[MadeT]]) -> MadeT:
    """What `use` makes of the graph; raises RegistryRefused, or Failed if there is no such graph."""

    async def using() -> MadeT:
        async with _registry(where) as opened:
            return await use(opened)

    if where.endpoint is not None:
        return asyncio.run(using())
    with attached(where.data, may_start=False):
        return asyncio.run(using())


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
            done = await publish_own_schema(database, clock, gateway_parts(process), own)
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


@asynccontextmanager
async def _registry(where: Where) -> AsyncIterator[Registry]:
    if where.endpoint is not None:
        timeout = aiohttp.ClientTimeout(total=_ENDPOINT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            elsewhere = _AtEndpoint(http, where.endpoint, where.api_key)
            yield Registry(elsewhere, await _graph_named(elsewhere, where.graph))
        return
    async with joined(load(CommonSettings)) as process:
        here = await _here(process, where)
        yield Registry(here, await _graph_named(here, where.graph))


async def _here(process: Joined, where: Where) -> "_InProcess":
    """The registry of this database, asked by the platform itself for one organisation."""
    database = process.resources.database
    if where.organization is None:
        graph = await PlatformGraph(database).current()
        if graph is None:
            raise Failed("There is no platform graph yet: found an organization first (`atrium found`).")
        owner = graph.organization_id
    else:
        async with database.unit_of_work_for_system(domain="users", job="registry") as work:
            organization = await OrganizationRepository(work.session).by_slug_for_system(where.organization)
        if organization is None:
            raise Failed(f"There is no organization {where.organization!r}.")
        owner = organization.id
    subgraph = build_subgraph(process.resources, gateway_parts(process))
    return _InProcess(subgraph.executor, acting_for(owner))


async def _graph_named(asking: _Asking, name: str) -> str:
    data = await asking.ask("query Named($name: String!) { graph(name: $name) { id } }", {"name": name})
    if data["graph"] is None:
        raise Failed(f"There is no graph {name!r} in this organization.")
    id: str = data["graph"]["id"]
    return id


@dataclass(frozen=True, slots=True)
class _InProcess:
    executor: SubgraphExecutor[GatewayParts]
    principal: Any

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = await self.executor.execute(document, variables, principal=self.principal)
        return _data_of({"data": answer.data, "errors": list(answer.errors)})


@dataclass(frozen=True, slots=True)
class _AtEndpoint:
    http: aiohttp.ClientSession
    url: str
    api_key: str | None

    async def ask(self, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self.api_key:
            headers["authorization"] = f"Bearer {self.api_key}"
        body = orjson.dumps({"query": document, "variables": variables})
        try:
            async with self.http.post(self.url, data=body, headers=headers) as response:
                text = await response.content.read(_LARGEST_ANSWER + 1)
                while len(text) <= _LARGEST_ANSWER and (more := await response.content.readany()):
                    text += more
            answer = orjson.loads(text)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Failed(f"{self.url} cannot be asked: {str(error) or type(error).__name__}") from error
        except orjson.JSONDecodeError as error:
            raise Failed(
                f"{self.url} answered {response.status} without JSON: no GraphQL endpoint?"
            ) from error
        return _data_of(answer)


def _data_of(answer: object) -> Mapping[str, Any]:
    if not isinstance(answer, dict):
        raise Failed("The answer is not one of GraphQL.")
    if answer.get("errors"):
        raise RegistryRefused(
            [
                {"code": (error.get("extensions") or {}).get("code"), "message": error.get("message")}
                for error in answer["errors"]
            ]
        )
    data: Mapping[str, Any] = answer["data"]
    return data
