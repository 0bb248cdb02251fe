"""A subgraph that takes uploaded files, and a router in front of it that keeps them in a folder."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from httpx2 import ASGITransport, AsyncClient

from common.access.principal import Principal, PrincipalKind
from common.access.signing import generate_key, private_key_to_text
from common.storage.references import Upload, UploadVerifier
from common.storage.uploads import ObjectUploads, uploads_at
from router.access.identity import Caller
from router.app import RouterApp, Surroundings, build_app
from router.settings import RouterSettings, Timeouts, UploadSettings
from router.snapshot.load import TextSource
from schema.compose import compose
from schema.subgraph.model import Subgraph
from tests.fakes.executable_subgraph import ExecutableSubgraph

SDL = """
scalar Upload
type Query { size(file: Upload): Int }
type Mutation { keep(file: Upload!): Thing! keepAll(input: Box!): [Thing]! fail: Int }
input Box { files: [Upload]! note: String }
type Thing { name: String! type: String! size: Int! sha256: String! text: String! }
"""
SUPERGRAPH = compose([Subgraph(name="attic", url="http://attic", sdl=SDL)]).supergraph_sdl
SOMEBODY = Principal(kind=PrincipalKind.USER, id=UUID(int=7))


@dataclass(kw_only=True)
class Attic:
    """The router, its store, and who asks next."""

    app: RouterApp
    http: AsyncClient
    folder: Path
    store: ObjectUploads
    seen: list[str]
    principal: Principal = SOMEBODY

    async def identify(self, headers: Mapping[str, str]) -> Caller:
        """Whoever asks is who the test says."""
        return Caller(principal=self.principal)

    @property
    def files(self) -> list[Path]:
        """What is kept now."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())


@asynccontextmanager
async def attic(folder: Path, *, is_served: bool = False, **limits: Any) -> AsyncIterator[Attic]:
    """Within it, the router runs, unless a server that it is given to starts and stops it."""
    key, seen = generate_key(), list[str]()
    store, verifier = uploads_at(f"file://{folder}"), UploadVerifier([key.public_key()])

    async def kept(reference: str) -> dict[str, Any]:
        seen.append(reference)
        upload = verifier.verify(reference, datetime.now(UTC))
        content = b"".join([chunk async for chunk in store.read(upload.key)])
        assert hashlib.sha256(content).hexdigest() == upload.sha256
        return {**_shown(upload), "text": content[:20].decode("latin-1")}

    async def keep(source: object, info: object, file: str) -> Any:
        return await kept(file)

    async def keep_all(source: object, info: object, input: Mapping[str, Any]) -> Any:
        return [None if each is None else await kept(each) for each in input["files"]]

    subgraph = ExecutableSubgraph(SDL, {"Mutation.keep": keep, "Mutation.keepAll": keep_all})
    settings = RouterSettings(
        signing_key=private_key_to_text(key),
        uploads=replace(UploadSettings(store=f"file://{folder}"), **limits),
        max_batch=3,
        timeouts=Timeouts(plan=30, subgraph=30, request=60, body=30),
    )
    app = build_app(settings, TextSource(SUPERGRAPH), Surroundings(subgraphs={"attic": subgraph}))
    if not is_served:
        await app.start()
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://router") as http:
        found = Attic(app=app, http=http, folder=folder, store=store, seen=seen)
        app.router.door.identify = found.identify  # type: ignore[method-assign]
        try:
            yield found
        finally:
            if not is_served:
                await app.stop()


def _shown(upload: Upload) -> dict[str, Any]:
    return {"name": upload.name, "type": upload.type, "size": upload.size, "sha256": upload.sha256}
