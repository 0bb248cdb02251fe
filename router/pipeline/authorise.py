"""May this caller run this operation? Wrong credentials end here; anonymous callers go on.

What the supergraph guards (@authenticated, @requiresScopes, @policy) and the caller may not see is left out
of the operation. Everything else is decided by the subgraphs, which get the caller's principal.
"""

import logging
from collections.abc import Awaitable, Callable

from router.access.rules import Guarded
from router.access.withheld import CODE, MESSAGE
from router.context import RequestContext
from router.errors import FieldsUnauthorised, Problem
from router.operation.model import Operation, OperationKind
from router.pipeline.router import Router
from router.pipeline.values import Received, Validated
from router.settings import Unauthorised

log = logging.getLogger(__name__)

GrantPolicies = Callable[[frozenset[str], RequestContext], Awaitable[frozenset[str]]]
"""Of the policies that an operation touches, those that hold for its caller."""
NONE: frozenset[str] = frozenset()


async def authorise(received: Received, validated: Validated, router: Router) -> Operation:
    """The operation as far as the caller may run it; raises what is wrong with the credentials.

    Raises FieldsUnauthorised if nothing is left, or less than all may not be.
    """
    if received.refusal is not None:
        raise received.refusal
    if validated.guarded is None:
        return validated.operation
    return await _masked(received, validated.guarded, router)


async def _masked(received: Received, guarded: Guarded, router: Router) -> Operation:
    granted = await _granted(guarded.policies, received.context, router.grant_policies)
    mask = guarded.mask(received.caller.principal, granted)
    if not mask:
        return guarded.operation
    operation = guarded.without(mask)
    is_subscription = operation.kind is OperationKind.SUBSCRIPTION
    has_no_source = is_subscription and not operation.selections.items
    if has_no_source or router.settings.unauthorized_fields is Unauthorised.REFUSE:
        raise FieldsUnauthorised(
            [
                Problem(
                    message=MESSAGE, path=tuple(step.key for step in each.steps), extensions={"at": each.at}
                )
                for each in operation.withheld
            ]
        )
    return operation


async def _granted(
    policies: frozenset[str], context: RequestContext, grant: GrantPolicies | None
) -> frozenset[str]:
    """What nobody grants does not hold; neither does anything when whoever decides fails."""
    if not policies or grant is None:
        return NONE
    try:
        return await grant(policies, context)
    except Exception:
        log.exception("nobody could say which policies hold", extra={"code": CODE})
        return NONE
