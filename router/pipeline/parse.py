"""Text → Document: limited in length and nesting, remembered."""

from router.errors import ParseFailed
from router.operation.parse import parse as parse_text
from router.pipeline.router import Router
from router.pipeline.values import Document, Received


async def parse(received: Received, router: Router) -> Document:
    """The document of the request; raises ParseFailed or MaxTokensExceeded."""
    text = received.request.query
    document = router.caches.documents.get(text)
    if document is None:
        document = _parsed(text, router.settings.limits.max_tokens)
        router.caches.documents.put(text, document)
    return document


def _parsed(text: str, max_tokens: int) -> Document:
    try:
        return Document(text=text, node=parse_text(text, max_tokens=max_tokens))
    except RecursionError as cause:
        raise ParseFailed("The document is nested too deeply to be read.") from cause
