"""Registers the operations of a client version, once they fit what the graph serves: all of them or none.

A transaction reads, a process of its own checks, a second transaction writes (docs/decisions/0018 says why).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from common.clock import Clock
from common.db.session import UnitOfWork
from common.errors import NotFound
from common.ids import uuid7
from common.texts import is_slug
from subgraphs.gateway.errors import (
    ClientVersionDiffers,
    DocumentIdTaken,
    DocumentsMissing,
    DocumentsRefused,
    DocumentsTooExpensive,
    DocumentsTooLarge,
    NoActiveSupergraph,
    TooManyInGraph,
)
from subgraphs.gateway.models import Client, ClientVersion, Graph
from subgraphs.gateway.policies import require_publish_operations
from subgraphs.gateway.providers.documents import CheckedDocument, CheckerExhausted, DocumentProblem
from subgraphs.gateway.repository.clients import ClientRepository, SafelistRepository
from subgraphs.gateway.repository.documents import DocumentRepository, NewDocument
from subgraphs.gateway.repository.graphs import GraphRepository, SupergraphRepository
from subgraphs.gateway.service.authors import NO_PURPOSE, Purpose, authored
from subgraphs.gateway.service.manifest import (
    Manifest,
    clean_client,
    clean_client_version,
)
from subgraphs.gateway.service.operation_changes import OperationChanges, found_client
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.publication import OpenWork
from subgraphs.gateway.settings import GatewaySettings

MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsWish:
    """Which client version of which graph shall have which documents.

    `contract`: the variant that the client asks. `replaces`: a version that is there gets these documents
    instead of its own. `is_trial`: only check, and say what would come of it.
    """

    graph_id: UUID
    client: str
    version: str
    manifest: Manifest
    contract: str = ""
    replaces: bool = False
    is_trial: bool = False
    purpose: Purpose = NO_PURPOSE


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredOperations:
    """What came of it; `added` is how many ids no live version of the client had before."""

    graph: Graph
    client: Client | None = None
    version: ClientVersion | None = None
    is_new: bool
    documents: int
    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedDocument:
    """A document that cannot run, by its id."""

    id: str
    problem: DocumentProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What has to be checked against what. `found`: what earlier checks found, by digest."""

    graph: Graph
    sdl: str | None
    checked_in: str
    unchecked: Mapping[str, str] = field(default_factory=dict)
    found: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


async def publish_operations(
    open_work: OpenWork, parts: GatewayParts, clock: Clock, wish: OperationsWish
) -> RegisteredOperations:
    """Register the documents; nothing happens if the version has exactly these.

    Raises DocumentsRefused with every reason, and then nothing has changed.
    """
    clean_client(wish.client)
    clean_client_version(wish.version)
    async with open_work() as work:
        reading = await _read(work, parts.settings, wish.graph_id, wish.manifest, wish.contract)
    checked = await _checked(parts, reading, wish.manifest)
    async with open_work() as work:
        registering = _Registering(work, parts.settings, clock)
        return await registering.register(reading, checked, wish)


async def upload_documents(
    open_work: OpenWork, parts: GatewayParts, clock: Clock, graph_id: UUID, manifest: Manifest, contract: str
) -> int:
    """Store texts that a version will be registered with, by their digests, within a day; how many are new.

    Manifests that are too large for one request come in parts so.
    """
    async with open_work() as work:
        reading = await _read(work, parts.settings, graph_id, manifest, contract)
    checked = await _checked(parts, reading, manifest)
    async with open_work() as work:
        documents = DocumentRepository(work.session)
        # One after the other, or two with the same texts could wait for each other in a circle.
        await SafelistRepository(work.session).locked(reading.graph, clock.now())
        before = await documents.known(graph_id, manifest.bodies)
        await _keep(work, parts.settings, clock, reading, checked)
        await documents.need(graph_id, manifest.bodies, clock.now())
    return len(manifest.bodies.keys() - before.keys())


async def _read(
    work: UnitOfWork, settings: GatewaySettings, graph_id: UUID, manifest: Manifest, contract: str
) -> _Reading:
    """The graph, and which of the texts were not yet checked against what is active."""
    require_publish_operations(work.principal)
    graph = (await GraphRepository(work.session).by_ids(work.principal, [graph_id])).get(graph_id)
    if graph is None:
        raise NotFound("graph", graph_id, path=("input", "graphId"))
    supergraphs, documents = SupergraphRepository(work.session), DocumentRepository(work.session)
    activation = (await supergraphs.active(work.principal, [graph.id])).get(graph.id)
    if activation is None or (contract and not is_slug(contract)):
        raise NoActiveSupergraph(contract)
    checked_in = f"{activation.supergraph_id}:{contract}"
    known = await documents.known(graph.id, set(manifest.documents.values()))
    missing = sorted(set(manifest.documents.values()) - known.keys() - manifest.bodies.keys())
    if missing:
        raise DocumentsMissing(missing)
    fresh = {digest: one.operations for digest, one in known.items() if one.checked_in == checked_in}
    stale = set(manifest.documents.values()) - fresh.keys()
    key = (activation.supergraph_id, contract)
    sdl = None
    if stale:
        sdl = (await supergraphs.texts(work.principal, [key], settings.largest_graph * 8)).get(key)
        if sdl is None:
            raise NoActiveSupergraph(contract)
    stored = await documents.bodies(graph.id, stale - manifest.bodies.keys())
    unchecked = {digest: manifest.bodies.get(digest) or stored[digest] for digest in sorted(stale)}
    return _Reading(graph=graph, sdl=sdl, checked_in=checked_in, unchecked=unchecked, found=fresh)


async def _checked(
    parts: GatewayParts, reading: _Reading, manifest: Manifest
) -> Mapping[str, CheckedDocument]:
    """What was found in the texts that were not checked before; raises DocumentsRefused."""
    if not reading.unchecked or reading.sdl is None:
        return {}
    try:
        found = await parts.checker.check(reading.sdl, tuple(reading.unchecked.values()))
    except CheckerExhausted as exhausted:
        raise DocumentsTooExpensive from exhausted
    checked = dict(zip(reading.unchecked, found, strict=True))
    problems = [
        RefusedDocument(id=id, problem=problem)
        for id, digest in manifest.documents.items()
        if digest in checked
        for problem in checked[digest].problems
    ]
    if problems:
        raise DocumentsRefused(problems)
    return checked


async def _keep(
    work: UnitOfWork,
    settings: GatewaySettings,
    clock: Clock,
    reading: _Reading,
    checked: Mapping[str, CheckedDocument],
) -> None:
    """Store what was checked; raises DocumentsTooLarge if the graph has too much text then."""
    documents = DocumentRepository(work.session)
    new = [
        NewDocument(
            sha256=digest,
            body=reading.unchecked[digest],
            operations=tuple((one.name, one.kind) for one in found.operations),
        )
        for digest, found in checked.items()
    ]
    await documents.put(reading.graph, new, reading.checked_in, clock.now())
    if new and await documents.size(reading.graph.id) > settings.largest_documents:
        raise DocumentsTooLarge(settings.largest_documents)


class _Registering:
    def __init__(self, work: UnitOfWork, settings: GatewaySettings, clock: Clock) -> None:
        self._work = work
        self._clients = ClientRepository(work.session)
        self._documents = DocumentRepository(work.session)
        self._settings = settings
        self._clock = clock
        self._now = clock.now()

    async def register(
        self, reading: _Reading, checked: Mapping[str, CheckedDocument], wish: OperationsWish
    ) -> RegisteredOperations:
        """Keep it all, unless it is there already."""
        require_publish_operations(self._work.principal)
        graph, documents = reading.graph, wish.manifest.documents
        changes = await OperationChanges.of(self._work, graph, self._clock)
        client = await found_client(self._clients, graph, wish.client)
        standing = None if client is None else await self._standing(client, wish.version)
        if standing is not None and standing.retired_at is None and standing.sha256 == wish.manifest.sha256:
            return self._done(graph, client, standing, wish, is_new=False, added=0)
        if standing is not None:
            await self._refuse_difference(standing, wish)
        served = {} if client is None else await self._served_elsewhere(client, standing, wish)
        added = len(documents.keys() - served.keys())
        await self._refuse_too_many(graph, client, standing)
        if wish.is_trial:
            return self._done(graph, client, standing, wish, is_new=True, added=added)
        if client is None:
            client = await changes.new_client(wish.client)
        await self._keep_documents(reading, checked, wish)
        version = await self._keep_version(client, standing, wish)
        await changes.published(client, version, wish.purpose)
        return self._done(graph, client, version, wish, is_new=True, added=added)

    def _done(
        self,
        graph: Graph,
        client: Client | None,
        version: ClientVersion | None,
        wish: OperationsWish,
        *,
        is_new: bool,
        added: int,
    ) -> RegisteredOperations:
        return RegisteredOperations(
            graph=graph,
            client=client,
            version=version,
            is_new=is_new,
            documents=len(wish.manifest.documents),
            added=added,
        )

    async def _standing(self, client: Client, version: str) -> ClientVersion | None:
        key = (client.id, version)
        return (await self._clients.versions_by_names(self._work.principal, [key])).get(key)

    async def _refuse_difference(self, standing: ClientVersion, wish: OperationsWish) -> None:
        """Raise ClientVersionDiffers unless the version may have what is wished."""
        if wish.replaces or standing.sha256 == wish.manifest.sha256:
            return
        before = set((await self._documents.of_version(standing.id)).items())
        after = set(wish.manifest.documents.items())
        raise ClientVersionDiffers(standing.name, added=len(after - before), missing=len(before - after))

    async def _served_elsewhere(
        self, client: Client, standing: ClientVersion | None, wish: OperationsWish
    ) -> Mapping[str, tuple[str, str]]:
        """What other live versions of the client have under these ids; raises DocumentIdTaken."""
        own = () if standing is None else (standing.id,)
        documents = wish.manifest.documents
        served = await self._documents.served(client.id, documents, but=own)
        for id, (digest, version) in sorted(served.items()):
            if digest != documents[id]:
                raise DocumentIdTaken(id, version)
        return served

    async def _refuse_too_many(
        self, graph: Graph, client: Client | None, standing: ClientVersion | None
    ) -> None:
        if client is None:
            if await self._clients.count(graph.id) >= self._settings.clients_per_graph:
                raise TooManyInGraph("clients of a graph", self._settings.clients_per_graph)
        elif standing is None or standing.retired_at is not None:
            live = await self._clients.live_versions(client.id)
            if len(live) >= self._settings.versions_per_client:
                raise TooManyInGraph(
                    "versions of a client that are not retired", self._settings.versions_per_client
                )

    async def _keep_documents(
        self, reading: _Reading, checked: Mapping[str, CheckedDocument], wish: OperationsWish
    ) -> None:
        await _keep(self._work, self._settings, self._clock, reading, checked)
        digests = set(wish.manifest.documents.values())
        missing = sorted(digests - await self._documents.need(reading.graph.id, digests, self._now))
        if missing:  # let go of since they were read
            raise DocumentsMissing(missing)
        found = {
            **reading.found,
            **{digest: _names(one) for digest, one in checked.items()},
        }
        operations = [(digest, name, kind) for digest in sorted(digests) for name, kind in found[digest]]
        await self._documents.note_operations(reading.graph, operations, self._now)

    async def _keep_version(
        self, client: Client, standing: ClientVersion | None, wish: OperationsWish
    ) -> ClientVersion:
        written = {
            "sha256": wish.manifest.sha256,
            "documents": len(wish.manifest.documents),
            "published_at": self._now,
            "retired_at": None,
            "git_revision": wish.purpose.git_revision,
            **authored(self._work.principal, wish.purpose),
        }
        version = standing
        if version is None:
            version = ClientVersion(
                id=uuid7(),
                organization_id=client.organization_id,
                graph_id=client.graph_id,
                client_id=client.id,
                name=wish.version,
                **written,
            )
            self._work.session.add(version)
        else:
            for name, value in written.items():
                setattr(version, name, value)
        await self._work.session.flush()
        await self._documents.register(version, wish.manifest.documents)
        return version


def _names(checked: CheckedDocument) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.kind) for one in checked.operations)
