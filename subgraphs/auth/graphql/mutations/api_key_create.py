"""apiKeyCreate: a new key for an application."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import ApiKeyCreateInput
from subgraphs.auth.graphql.types import ApiKey
from subgraphs.auth.service.api_keys import ApiKeyService, KeyWish, as_of_now, require_application


@strawberry.type
class ApiKeyCreatePayload:
    """The key with its text, or why there is none."""

    api_key: ApiKey | None = strawberry.field(default=None, description="The key that was made.")
    secret: str | None = strawberry.field(
        default=None, description="Its text, shown this once: only a hash of it is kept."
    )
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def api_key_create(info: Info, input: ApiKeyCreateInput) -> ApiKeyCreatePayload:
    """Make a key for an application of the current organization; needs `keys:write`. It can permit nothing
    that the caller may not do."""
    parts = info.context.parts

    async def create() -> ApiKeyCreatePayload:
        wish = KeyWish(
            application_id=local_id(input.application_id, "Application"),
            name=input.name,
            scopes=input.scopes,
            expires_at=input.expires_at,
        )
        principal = await as_of_now(parts, info.context.principal)
        await require_application(parts, principal, wish.application_id)
        async with parts.work(principal) as work:
            issued = await ApiKeyService(work, parts).create(wish)
        return ApiKeyCreatePayload(api_key=ApiKey.from_row(issued.row), secret=issued.text)

    return await payload_of(ApiKeyCreatePayload, create())
