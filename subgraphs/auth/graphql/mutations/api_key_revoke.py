"""apiKeyRevoke: a key opens nothing any more."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import ApiKeyRevokeInput
from subgraphs.auth.graphql.types import ApiKey
from subgraphs.auth.service.api_keys import ApiKeyService


@strawberry.type
class ApiKeyRevokePayload:
    """The key, or why it was not revoked."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key that was revoked.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def api_key_revoke(info: Info, input: ApiKeyRevokeInput) -> ApiKeyRevokePayload:
    """Revoke a key; needs `keys:write`. It is refused everywhere within five seconds."""

    async def revoke() -> ApiKeyRevokePayload:
        id = local_id(input.id, "ApiKey")
        async with info.context.work() as work:
            row = await ApiKeyService(work, info.context.parts).revoke(id)
        return ApiKeyRevokePayload(api_key=ApiKey.from_row(row))

    return await payload_of(ApiKeyRevokePayload, revoke())
