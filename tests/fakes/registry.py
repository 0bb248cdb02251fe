"""A registry of artefacts, as the gateway domain is one over HTTP, with switches for what goes wrong."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from common.access.artefacts import ArtefactKind, ArtefactSigner, tag_of
from common.access.principal import PrincipalKind
from common.access.signing import HEADER, IdentityRefused, IdentityVerifier, generate_key
from common.ids import uuid7
from router.artefacts.reader import NothingActive, SourceUnavailable

_BEGAN = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """What is handed out for one variant."""

    tag: str
    text: bytes


@dataclass(slots=True)
class Registry:
    """Signs what is activated; reads as the router does in process, and serves it as the domain does.

    `statuses`: how recent HTTP answers went. `routers`: whose questions are answered over HTTP.
    """

    key: Ed25519PrivateKey = field(default_factory=generate_key)
    graph: UUID = field(default_factory=uuid7)
    is_platform: bool = True
    serial: int = 0
    variant: str = ""
    active: dict[str, Active] = field(default_factory=dict)
    is_away: bool = False
    is_endless: bool = False
    hangs: bool = False
    statuses: deque[int] = field(default_factory=lambda: deque(maxlen=10_000))
    routers: tuple[Ed25519PublicKey, ...] = ()

    def activate(self, sdl: str, *, variant: str = "") -> bytes:
        """Another supergraph, under the next serial."""
        self.serial += 1
        return self.hand_out(self.signed(sdl, serial=self.serial, variant=variant), sdl, variant=variant)

    def hand_out(self, text: bytes, sdl: str, *, variant: str = "", tag: str | None = None) -> bytes:
        """Any text, whoever signed it."""
        tag = tag or tag_of(self.serial, sha256(sdl.encode()).hexdigest())
        self.active[variant] = Active(tag=tag, text=text)
        return text

    def signed(
        self,
        sdl: str,
        *,
        serial: int,
        variant: str = "",
        graph: UUID | None = None,
        key: Ed25519PrivateKey | None = None,
        later: timedelta = timedelta(),
    ) -> bytes:
        """An artefact that is not handed out by that."""
        return ArtefactSigner(key or self.key).sign(
            sdl.encode(),
            kind=ArtefactKind.SUPERGRAPH,
            graph=graph or self.graph,
            is_platform=self.is_platform,
            variant=variant,
            number=serial,
            serial=serial,
            now=_BEGAN + timedelta(minutes=serial) + later,
        )

    async def read(self, known: str | None) -> bytes | None:
        """As the router reads in process, its variant."""
        if self.is_away:
            raise SourceUnavailable("The registry is away.")
        active = self.active.get(self.variant)
        if active is None:
            raise NothingActive("Nothing is active.")
        return None if active.tag == known else active.text

    def app(self) -> Starlette:
        """The domain's internal endpoint."""
        route = Route("/internal/artefacts/supergraph/{graph}", self._answer, methods=["GET"])
        return Starlette(routes=[route])

    async def _answer(self, request: Request) -> Response:
        response = await self._response(request)
        self.statuses.append(response.status_code)
        return response

    async def _response(self, request: Request) -> Response:
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_away:
            return Response(status_code=503)
        if self.is_endless:
            return StreamingResponse(_for_ever())
        if not self._is_router(request):
            return Response(status_code=401)
        active = self.active.get(request.query_params.get("variant", ""))
        if active is None or request.path_params["graph"] not in {"platform", str(self.graph)}:
            return Response(status_code=404)
        is_known = request.headers.get("if-none-match") == active.tag
        return Response(
            None if is_known else active.text, 304 if is_known else 200, headers={"etag": active.tag}
        )

    def _is_router(self, request: Request) -> bool:
        try:
            verifier = IdentityVerifier(self.routers, "gateway")
            identity = verifier.verify(request.headers.get(HEADER, ""), b"", datetime.now(UTC))
        except IdentityRefused:
            return False
        return identity.principal.kind is PrincipalKind.SYSTEM


async def _for_ever() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0)  # else nobody would ever hear that the asker has gone
        yield b"x" * 65_536
