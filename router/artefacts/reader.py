"""The registry as the router asks it: for what is active of one kind, for one graph, if it changed."""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from common.access.artefacts import ArtefactKind
from router.subgraph_client.exchange import NoAnswer
from router.subgraph_client.http import HttpPool

Sign = Callable[[bytes], Mapping[str, str]]
"""Makes the headers that prove to the registry that the router asks, for a body."""


class SourceUnavailable(Exception):
    """What is wanted cannot be read now; says why."""


class NothingActive(SourceUnavailable):
    """The registry has no such graph or variant, or nothing of the kind was ever activated there."""


class ArtefactReader(Protocol):
    """Gives the signed artefact that is active; believes nothing and checks nothing."""

    async def read(self, known: str | None) -> bytes | None:
        """The artefact, None if `known` is still its tag; raises SourceUnavailable or NothingActive."""
        ...


class HttpArtefactReader:
    """The registry's internal endpoint for one kind; `graph` None is the platform's own."""

    def __init__(
        self,
        pool: HttpPool,
        registry: str,
        *,
        graph: UUID | None,
        variant: str = "",
        kind: ArtefactKind = ArtefactKind.SUPERGRAPH,
        sign: Sign,
        seconds: float = 10.0,
    ) -> None:
        of = "platform" if graph is None else str(graph)
        path = f"/internal/artefacts/{kind.value}/{of}?variant={quote(variant, safe='')}"
        self._kind = kind
        self._pool = pool
        self._url = registry.rstrip("/") + path
        self._sign = sign
        self._seconds = seconds

    async def read(self, known: str | None) -> bytes | None:
        """The artefact, None if `known` is still its tag; raises SourceUnavailable or NothingActive."""
        headers = dict(self._sign(b""))
        if known is not None:
            headers["if-none-match"] = known
        try:
            answer = await self._pool.send("GET", self._url, headers=headers, seconds=self._seconds)
        except NoAnswer as cause:
            raise SourceUnavailable(f"The registry {cause.reason}.") from cause
        match answer.status:
            case 200:
                return answer.body
            case 304 if known is not None:
                return None
            case 404:
                raise NothingActive(f"The registry has no active {self._kind} for this graph and variant.")
            case status:
                raise SourceUnavailable(f"The registry answered with the HTTP status {status}.")
