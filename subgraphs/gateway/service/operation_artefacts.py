"""The registered operations of a graph, signed, for routers: equal states give equal bytes everywhere."""

import asyncio
from collections import OrderedDict
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.access.artefacts import ArtefactKind, ArtefactSigner, tag_of
from common.db.session import Database, UnitOfWork
from common.operations.artefact import write_operations
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments, digest_of
from subgraphs.gateway.errors import ArtefactKeyMissing
from subgraphs.gateway.repository.clients import RegisteredState, SafelistRepository
from subgraphs.gateway.repository.documents import DocumentRepository
from subgraphs.gateway.repository.graphs import GraphRepository
from subgraphs.gateway.service.artefacts import ActiveArtefact

_JOB = "operation_artefacts"
_TAGS_KEPT = 1_000
_TEXTS_KEPT = 2

ValueT = TypeVar("ValueT")


class OperationArtefacts:
    """Answers for the platform's routers, never for a caller: only trusted code holds one.

    What was signed last is kept: many routers ask for the same, and each asks again and again.
    """

    def __init__(self, database: Database, key: Ed25519PrivateKey | None) -> None:
        self._database = database
        self._signer = None if key is None else ArtefactSigner(key)
        self._tags = _Recent[str](_TAGS_KEPT)
        self._texts = _Recent[bytes](_TEXTS_KEPT)
        self._building = asyncio.Lock()

    async def platform_owner(self) -> UUID | None:
        """The organisation that has the platform's own graph; None while there is no such graph."""
        async with self._work() as work:
            graph = await GraphRepository(work.session).platform_for_system()
        return None if graph is None else graph.organization_id

    async def active(
        self, graph: UUID | None, variant: str = "", *, known: str | None = None
    ) -> ActiveArtefact | None:
        """What routers of a graph (None: the platform's own) may trust; None if nothing was registered.

        All variants of a graph have the same operations: nothing is known under a name of one.
        """
        if self._signer is None:
            raise ArtefactKeyMissing
        if variant:
            return None
        async with self._work() as work:
            state = await SafelistRepository(work.session).state_for_system(graph)
        if state is None:
            return None
        standing = self._standing(state, known)
        if standing is not None:
            return standing
        async with self._building:  # the others find what the first one made
            return self._standing(state, known) or await self._built(state, known)

    def _work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._database.unit_of_work_for_system(domain="gateway", job=_JOB)

    def _standing(self, state: RegisteredState, known: str | None) -> ActiveArtefact | None:
        """What was made of this very state before."""
        tag = self._tags.get(state.graph_id, state.serial)
        if tag is None:
            return None
        if tag == known:
            return ActiveArtefact(tag=tag, text=None)
        text = self._texts.get(state.graph_id, state.serial)
        return None if text is None else ActiveArtefact(tag=tag, text=text)

    async def _built(self, state: RegisteredState, known: str | None) -> ActiveArtefact:
        """The artefact of the state that stands by now; nobody changes it while it is read."""
        async with self._work() as work:
            state = (
                await SafelistRepository(work.session).state_for_system(state.graph_id, lock=True) or state
            )
            trusted = await _trusted(work, state)
        tag, text = await asyncio.to_thread(self._signed, trusted, state)
        self._tags.put(state.graph_id, state.serial, tag)
        self._texts.put(state.graph_id, state.serial, text)
        return ActiveArtefact(tag=tag, text=None if tag == known else text)

    def _signed(self, trusted: TrustedDocuments, state: RegisteredState) -> tuple[str, bytes]:
        assert self._signer is not None
        body = write_operations(trusted)
        text = self._signer.sign(
            body,
            kind=ArtefactKind.OPERATIONS,
            graph=state.graph_id,
            is_platform=state.is_platform,
            variant="",
            number=state.serial,
            serial=state.serial,
            now=state.changed_at,
        )
        return tag_of(state.serial, digest_of(body.decode())), text


async def _trusted(work: UnitOfWork, state: RegisteredState) -> TrustedDocuments:
    """Everything registered for a graph, whose safelist is held."""
    documents = DocumentRepository(work.session)
    clients = await documents.served_for_system(state.graph_id)
    bodies = await documents.served_bodies_for_system(state.graph_id)
    applications = await documents.applications_for_system(state.graph_id)
    return TrustedDocuments(
        default_mode=SafelistMode(state.default_mode),
        clients=tuple(
            ClientDocuments(
                name=client.name,
                mode=None if client.mode is None else SafelistMode(client.mode),
                application_ids=frozenset(applications.get(client.id, ())),
                documents={id: bodies[sha256] for id, sha256 in sorted(served.items())},
            )
            for client, served in clients
        ),
    )


class _Recent(Generic[ValueT]):
    """The last serial of the graphs that were asked for last, each with something that follows from it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[UUID, tuple[int, ValueT]] = OrderedDict()

    def get(self, graph_id: UUID, serial: int) -> ValueT | None:
        """What was kept of this very serial."""
        found = self._kept.get(graph_id)
        if found is None or found[0] != serial:
            return None
        self._kept.move_to_end(graph_id)
        return found[1]

    def put(self, graph_id: UUID, serial: int, value: ValueT) -> None:
        """Keep it in place of what is older."""
        self._kept[graph_id] = (serial, value)
        self._kept.move_to_end(graph_id)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
