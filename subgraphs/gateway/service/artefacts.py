"""What is active, signed, for routers: the same activation gives the same bytes in every process."""

from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.access.artefacts import ArtefactKind, ArtefactSigner, tag_of
from common.db.session import Database
from subgraphs.gateway.errors import ArtefactKeyMissing
from subgraphs.gateway.repository.graphs import GraphRepository, SupergraphRepository

_LONGEST_VARIANT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveArtefact:
    """The active supergraph of a graph; `text` is None if the asker's `known` tag is still the right one."""

    tag: str
    text: bytes | None


class Artefacts:
    """Answers for the platform's routers, never for a caller: only trusted code holds one."""

    def __init__(self, database: Database, key: Ed25519PrivateKey | None) -> None:
        self._database = database
        self._signer = None if key is None else ArtefactSigner(key)
        self.public_key: Ed25519PublicKey | None = None if key is None else key.public_key()

    async def platform_owner(self) -> UUID | None:
        """The organisation that has the platform's own graph; None while there is no such graph."""
        async with self._database.unit_of_work_for_system(domain="gateway", job="artefacts") as work:
            graph = await GraphRepository(work.session).platform_for_system()
        return None if graph is None else graph.organization_id

    async def active(
        self, graph: UUID | None, variant: str = "", *, known: str | None = None
    ) -> ActiveArtefact | None:
        """What routers of a graph (None: the platform's own) have to use; None if nothing is active."""
        if self._signer is None:
            raise ArtefactKeyMissing
        if len(variant) > _LONGEST_VARIANT or not variant.isprintable():
            return None
        async with self._database.unit_of_work_for_system(domain="gateway", job="artefacts") as work:
            supergraphs = SupergraphRepository(work.session)
            found = await supergraphs.active_for_system(graph, variant)
            if found is None:
                return None
            tag = tag_of(found.serial, found.sha256)
            if tag == known:
                return ActiveArtefact(tag=tag, text=None)
            sdl = await supergraphs.text_for_system(found.supergraph_id, variant)
        text = self._signer.sign(
            sdl.encode(),
            kind=ArtefactKind.SUPERGRAPH,
            graph=found.graph_id,
            is_platform=found.is_platform,
            variant=variant,
            number=found.number,
            serial=found.serial,
            now=found.activated_at,
        )
        return ActiveArtefact(tag=tag, text=text)
