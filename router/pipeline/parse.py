"""Text → Document: limited in length and nesting, read beside the loop if it is long, remembered."""

import asyncio

from router.operation.parse import parse as parse_text
from router.pipeline.router import Router
from router.pipeline.values import Document, Received

SHORT_CHARACTERS = 500
"""A text that is no longer is read on the spot: a thread would cost more."""

PARSED = "parsed"
LONG_CHARACTERS = 2_000
"""A longer text is read in a process, if there is one that knows the supergraph."""


async def parse(received: Received, router: Router) -> Document:
    """The document of the request; raises ParseFailed or MaxTokensExceeded, unless it is read later."""
    registered, max_tokens = received.registered, router.settings.limits.max_tokens
    if registered is not None and registered.ready is not None:
        found: Document | None = registered.ready.get(PARSED)
        if found is None:
            found = registered.ready[PARSED] = await _document(received, registered.body, max_tokens, router)
        return found
    text = received.request.query if registered is None else registered.body
    return await _document(received, text, max_tokens, router)


async def _document(received: Received, text: str, max_tokens: int, router: Router) -> Document:
    if len(text) > LONG_CHARACTERS and router.beside is not None:
        if router.beside.is_ready(received.snapshot):
            return Document(text, None)
        router.beside.get_ready(received.snapshot)

    async def make() -> Document:
        if len(text) <= SHORT_CHARACTERS:
            return _parsed(text, max_tokens)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(router.readers, _parsed, text, max_tokens)

    return await router.caches.documents.get(text, make)


def _parsed(text: str, max_tokens: int) -> Document:
    return Document(text, parse_text(text, max_tokens=max_tokens))
