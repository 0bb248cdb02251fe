"""May this caller run this operation? Wrong credentials end here; anonymous callers go on.

What each field demands is decided by its subgraph, which gets the caller's principal.
"""

from router.operation.model import Operation
from router.pipeline.router import Router
from router.pipeline.values import Received


async def authorise(received: Received, operation: Operation, router: Router) -> Operation:
    """The operation as far as the caller may run it; raises Unauthenticated or TokenExpired."""
    if received.refusal is not None:
        raise received.refusal
    return operation
