"""apiKeyRotate: a key that takes over from another."""

from datetime import timedelta

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import ApiKeyRotateInput
from subgraphs.auth.graphql.types import ApiKey
from subgraphs.auth.service.api_keys import ApiKeyService, as_of_now


@strawberry.type
class ApiKeyRotatePayload:
    """The new key with its text, or why there is none."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key that takes over.")
    secret: str | None = strawberry.field(
        default=None, description="Its text, shown this once: only a hash of it is kept."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def api_key_rotate(info: Info, input: ApiKeyRotateInput) -> ApiKeyRotatePayload:
    """Make a key with the name, scopes and expiry of another, which still works for a grace; needs
    `keys:write` and everything that the key permits."""
    parts = info.context.parts

    async def rotate() -> ApiKeyRotatePayload:
        id = local_id(input.id, "ApiKey")
        principal = await as_of_now(parts, info.context.principal)
        async with parts.work(principal) as work:
            service = ApiKeyService(work, parts)
            issued = await service.rotate(id, grace=timedelta(seconds=input.grace_seconds))
        return ApiKeyRotatePayload(api_key=ApiKey.from_row(issued.row), secret=issued.text)

    return await payload_of(ApiKeyRotatePayload, rotate())
