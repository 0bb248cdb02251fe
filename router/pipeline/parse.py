"""Text → Document: limited in length and nesting, read beside the loop, remembered."""

import asyncio

from router.errors import ParseFailed
from router.operation.parse import parse as parse_text
from router.pipeline.router import Router
from router.pipeline.values import Document, Received


async def parse(received: Received, router: Router) -> Document:
    """The document of the request; raises ParseFailed or MaxTokensExceeded."""
    text, max_tokens = received.request.query, router.settings.limits.max_tokens

    async def make() -> Document:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(router.readers, _parsed, text, max_tokens)

    return await router.caches.documents.get(text, make)


def _parsed(text: str, max_tokens: int) -> Document:
    try:
        return Document(text=text, node=parse_text(text, max_tokens=max_tokens))
    except RecursionError as cause:
        raise ParseFailed("The document is nested too deeply to be read.") from cause
