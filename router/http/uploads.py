"""Forms with files: each file goes into the store as it comes, the operation goes on with references to them.

(caller) → operations → map → files → the same request as JSON

What came with a request that is refused is dropped at once; everything else when its reference has expired.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.storage.references import Upload, UploadSigner
from common.storage.uploads import Kept, UploadStore, UploadsUnavailable
from router.access.identity import Door
from router.errors import (
    BadRequest,
    BodyTimeout,
    ClientError,
    PayloadTooLarge,
    Unauthenticated,
    UnsupportedMediaType,
    UploadsUnavailableNow,
    UploadTooLarge,
)
from router.http.again import Again
from router.http.endpoint import write_and_close
from router.http.repeated_head import HEADERS_READ
from router.http.scope import ClientLeft, check_headers, headers_of, request_id_of
from router.pipeline.respond import refused
from router.prompt import in_task
from router.settings import RouterSettings
from router.wire.csrf import check_form
from router.wire.exchange import Incoming
from router.wire.upload_form import (
    FormEnds,
    FormEvent,
    FormReader,
    PartBegins,
    PartEnds,
    PartGoesOn,
    boundary_of,
)
from router.wire.upload_map import Places, operations_of, places_of, put

log = logging.getLogger(__name__)

SWEEP_SECONDS = 600.0
_REPLACED = frozenset({b"content-type", b"content-length", b"transfer-encoding", b"content-encoding"})
Clock = Callable[[], datetime]


@dataclass(kw_only=True)
class Uploads:
    """Around the graph: whatever is no form passes as it is."""

    app: ASGIApp
    store: UploadStore
    signer: UploadSigner
    settings: RouterSettings
    door: Door
    now: Clock = lambda: datetime.now(UTC)
    _under_way: int = field(default=0, init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP request."""
        headers = headers_of(scope) if scope["method"] == "POST" else {}
        try:
            if (boundary := boundary_of(headers.get("content-type"))) is None:
                await self.app(scope, receive, send)
                return
            check_headers(scope, self.settings.max_header_bytes)
            await self._admit(headers)
            form = _Form(self, _Pieces(receive, FormReader(boundary), self.settings))
            operations = await in_task(self._taken(form))
        except ClientLeft:
            return
        except ClientError as refusal:
            unread = Incoming(method=scope["method"], headers=headers, request_id=request_id_of(headers))
            await write_and_close(refused(refusal, unread), receive, send)
            return
        await self._go_on(operations, form, scope, receive, send)

    async def sweep(self) -> None:
        """Drop what has expired, for ever."""
        while True:
            try:
                if dropped := await self.store.drop_expired(self.now()):
                    log.info("uploaded files have expired", extra={"dropped": dropped})
            except UploadsUnavailable:
                log.warning("uploaded files could not be looked through", exc_info=True)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _admit(self, headers: Mapping[str, str]) -> None:
        """Nothing is kept for pages of strangers, nor for nobody."""
        check_form(headers)
        if "content-encoding" in headers:
            raise UnsupportedMediaType("A form with files comes as it is, not compressed.")
        caller = await self.door.identify(headers)
        if caller.principal.is_anonymous and not self.settings.uploads.anonymous:
            raise Unauthenticated("Files are taken from callers with credentials only.")
        if self._under_way >= self.settings.uploads.max_at_once:
            raise UploadsUnavailableNow

    async def _taken(self, form: "_Form") -> Any:
        self._under_way += 1
        try:
            return await form.read()
        except UploadsUnavailable as cause:
            log.exception("an uploaded file could not be kept")
            await form.drop()
            raise UploadsUnavailableNow from cause
        except BaseException:
            await form.drop()
            raise
        finally:
            self._under_way -= 1

    async def _go_on(
        self, operations: Any, form: "_Form", scope: Scope, receive: Receive, send: Send
    ) -> None:
        """The request again, as if it had come as JSON."""
        body = orjson.dumps(operations)
        kept = [pair for pair in scope["headers"] if pair[0] not in _REPLACED]
        own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        is_refused = False

        async def sending(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start":
                is_refused = message["status"] >= 400
            else:
                is_refused = is_refused or _is_refusal(message.get("body", b""))
            await send(message)

        again = {name: value for name, value in scope.items() if name != HEADERS_READ}
        await self.app({**again, "headers": [*kept, *own]}, Again(body, receive), sending)
        if is_refused:
            await form.drop()


def _is_refusal(body: bytes) -> bool:
    """In plain JSON an operation that was refused has status 200; what is not seen here expires."""
    return body.startswith(b'{"errors":') and b'"data":' not in body


class _Form:
    """One form, and what was kept of it."""

    def __init__(self, uploads: Uploads, pieces: "_Pieces") -> None:
        self._uploads = uploads
        self._pieces = pieces
        self._limits = uploads.settings.uploads
        self._kept: list[Kept] = []
        self._total = 0

    async def read(self) -> Any:
        """The operations, with a reference for each file; raises what is wrong with the form."""
        settings = self._uploads.settings
        operations = operations_of(await self._text("operations", settings.max_body_bytes))
        text = await self._text("map", settings.max_body_bytes)
        places = places_of(
            text, operations, max_files=self._limits.max_files, max_places=self._limits.max_places
        )
        missing = await self._files(places, operations)
        if missing:
            raise BadRequest(f'The file "{sorted(missing)[0][:40]}" of the field "map" is missing.')
        return operations

    async def drop(self) -> None:
        """Forget what was kept."""
        with suppress(UploadsUnavailable):  # it expires anyway
            await self._uploads.store.drop([each.key for each in self._kept])
        self._kept = []

    async def _text(self, name: str, limit: int) -> bytes:
        begun = await self._pieces.next()
        if not isinstance(begun, PartBegins) or begun.name != name or begun.filename is not None:
            raise BadRequest('A form begins with the fields "operations" and "map", then come the files.')
        text = bytearray()
        while isinstance(piece := await self._pieces.next(), PartGoesOn):
            text += piece.data
            if len(text) > limit:
                raise PayloadTooLarge(limit)
        return bytes(text)

    async def _files(self, places: Places, operations: Any) -> set[str]:
        """Those that did not come."""
        missing = set(places)
        while not isinstance(begun := await self._pieces.next(), FormEnds):
            if not isinstance(begun, PartBegins):
                raise BadRequest("The multipart form is malformed.")
            if begun.name not in missing or begun.filename is None:
                raise BadRequest(
                    f'The form has a field "{begun.name[:40]}" that the field "map" does not name.'
                )
            missing.discard(begun.name)
            put(operations, places[begun.name], await self._keep(begun, begun.filename))
        return missing

    async def _keep(self, begun: PartBegins, filename: str) -> str:
        """The reference to one file."""
        until = self._uploads.now() + timedelta(seconds=self._limits.lifetime)
        async with aclosing(self._chunks()) as chunks:
            kept = await self._uploads.store.keep(chunks, until)
        self._kept.append(kept)
        upload = Upload(key=kept.key, name=filename, type=begun.type, size=kept.size, sha256=kept.sha256)
        return self._uploads.signer.sign(upload, until)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        size = 0
        while isinstance(piece := await self._pieces.next(), PartGoesOn):
            size += len(piece.data)
            self._total += len(piece.data)
            if size > self._limits.max_file_bytes:
                raise UploadTooLarge("A file is", self._limits.max_file_bytes)
            if self._total > self._limits.max_bytes:
                raise UploadTooLarge("All files together are", self._limits.max_bytes)
            yield piece.data
        if not isinstance(piece, PartEnds):
            raise BadRequest("The multipart form is malformed.")


class _Pieces:
    """What a form says, one by one, as its bytes come."""

    def __init__(self, receive: Receive, reader: FormReader, settings: RouterSettings) -> None:
        self._receive = receive
        self._reader = reader
        self._seconds = settings.timeouts.body
        self._deadline = asyncio.get_running_loop().time() + settings.uploads.time
        self._waiting: list[FormEvent] = []
        self._goes_on = True

    async def next(self) -> FormEvent:
        """The next piece; raises BadRequest where the form ends too early, BodyTimeout or ClientLeft."""
        while not self._waiting:
            if not self._goes_on:
                raise BadRequest("The multipart form is cut off.")
            self._waiting = self._reader.feed(await self._more())[::-1]
        return self._waiting.pop()

    async def _more(self) -> bytes:
        """Never more than a moment too late: a store that waits for the next piece is not interrupted."""
        left = self._deadline - asyncio.get_running_loop().time()
        seconds = max(min(self._seconds, left), 0.0)
        try:
            async with asyncio.timeout(seconds):
                message = await self._receive()
        except TimeoutError as cause:
            raise BodyTimeout(seconds) from cause
        if message["type"] == "http.disconnect":
            raise ClientLeft
        self._goes_on = message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body
