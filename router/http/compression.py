"""Answers made smaller where it is worth the time."""

import asyncio
from dataclasses import replace

from router.wire.compression import accepted_coding, compressed
from router.wire.exchange import Outgoing

BESIDE_THE_LOOP = 128 * 1024  # bytes: below, a thread would cost more than the work


async def smaller(outgoing: Outgoing, accept_encoding: str | None) -> Outgoing:
    """The answer in the coding that the client likes best, if it takes any."""
    coding = accepted_coding(accept_encoding) if accept_encoding else None
    if coding is None:
        return outgoing
    if len(outgoing.body) < BESIDE_THE_LOOP:
        body = compressed(outgoing.body, coding)
    else:
        body = await asyncio.to_thread(compressed, outgoing.body, coding)
    return replace(
        outgoing, body=body, headers=(*outgoing.headers, (b"content-encoding", coding.value.encode()))
    )
