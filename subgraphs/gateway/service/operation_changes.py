"""One change of a graph's registered operations: counted, written down, told to the world."""

from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from common.events.envelope import Event
from common.ids import uuid7
from subgraphs.gateway.events import (
    ClientApplicationsSet,
    ClientModeSet,
    OperationsPublished,
    OperationsRetired,
)
from subgraphs.gateway.models import ChangeKind, Client, ClientVersion, Graph, OperationChange, Safelist
from subgraphs.gateway.repository.clients import ClientRepository, SafelistRepository
from subgraphs.gateway.service.authors import Purpose, authored

_NAMED = 10
"""Versions that the history names of one change; the event names all."""


async def found_client(clients: ClientRepository, graph: Graph, name: str) -> Client | None:
    """The client of a graph with this name."""
    return (await clients.of_graph(graph.id, [name])).get(name)


class OperationChanges:
    """Holds the safelist of a graph: who else wants to change its operations waits."""

    def __init__(self, work: UnitOfWork, graph: Graph, safelist: Safelist, clock: Clock) -> None:
        self._work = work
        self._graph = graph
        self._clock = clock
        self.safelist = safelist

    @classmethod
    async def of(cls, work: UnitOfWork, graph: Graph, clock: Clock) -> Self:
        """With the row held until the unit of work ends."""
        safelist = await SafelistRepository(work.session).locked(graph, clock.now())
        return cls(work, graph, safelist, clock)

    async def new_client(self, name: str) -> Client:
        """Add a client."""
        client = Client(
            id=uuid7(),
            organization_id=self._graph.organization_id,
            graph_id=self._graph.id,
            name=name,
            created_at=self._clock.now(),
        )
        self._work.session.add(client)
        await self._work.session.flush()
        return client

    async def published(self, client: Client, version: ClientVersion, purpose: Purpose) -> None:
        """A version registered documents."""
        self._note(
            ChangeKind.PUBLISH, purpose, client=client.name, version=version.name, documents=version.documents
        )
        event = OperationsPublished(
            client=client.name,
            client_version=version.name,
            documents=version.documents,
            **self._facts(),
        )
        await self._tell(event)

    async def retired(
        self, client: Client, versions: Iterable[str], documents: int, purpose: Purpose
    ) -> None:
        """Versions, or single documents, of a client are served no more."""
        names = tuple(versions)
        version = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        self._note(ChangeKind.RETIRE, purpose, client=client.name, version=version, documents=documents)
        await self._tell(
            OperationsRetired(client=client.name, versions=names, documents=documents, **self._facts())
        )

    async def mode_set(self, client: Client | None, mode: str | None, purpose: Purpose) -> None:
        """Another mode holds for a client, or by default."""
        name = "" if client is None else client.name
        self._note(ChangeKind.MODE, purpose, client=name, mode=mode)
        await self._tell(ClientModeSet(client=name, mode=mode or "", **self._facts()))

    async def applications_set(
        self, client: Client, application_ids: Iterable[UUID], purpose: Purpose
    ) -> None:
        """The keys of other AI applications are a client."""
        ids = tuple(sorted(application_ids))
        self._note(ChangeKind.APPLICATIONS, purpose, client=client.name)
        await self._tell(ClientApplicationsSet(client=client.name, application_ids=ids, **self._facts()))

    def _note(
        self,
        kind: ChangeKind,
        purpose: Purpose,
        *,
        client: str,
        version: str = "",
        documents: int = 0,
        mode: str | None = None,
    ) -> None:
        now = self._clock.now()
        self.safelist.serial += 1
        self.safelist.changed_at = now
        self._work.session.add(
            OperationChange(
                organization_id=self._graph.organization_id,
                graph_id=self._graph.id,
                serial=self.safelist.serial,
                kind=kind.value,
                client=client,
                version=version,
                documents=documents,
                mode=mode,
                changed_at=now,
                **authored(self._work.principal, purpose),
            )
        )

    def _facts(self) -> dict[str, Any]:
        return {
            "organisation_id": self._graph.organization_id,
            "graph_id": self._graph.id,
            "is_platform": self._graph.is_platform,
            "serial": self.safelist.serial,
        }

    async def _tell(self, event: Event) -> None:
        await self._work.session.flush()
        self._work.outbox.add(event)
