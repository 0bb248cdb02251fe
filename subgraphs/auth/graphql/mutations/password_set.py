"""passwordSet: a first password, by the link that was mailed."""

import strawberry

from common.graphql.entities import global_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info
from subgraphs.auth.graphql.inputs import PasswordSetInput
from subgraphs.auth.graphql.types import User
from subgraphs.auth.service.passwords import set_by_link


@strawberry.type
class PasswordSetPayload:
    """Whose password was set, or why it was not."""

    user: User | None = strawberry.field(default=None, description="Who can sign in with it now.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def password_set(info: Info, input: PasswordSetInput) -> PasswordSetPayload:
    """Choose a password with the token of a mailed link. It works once, ends all sessions of the person, and
    signs nobody in."""

    async def write() -> PasswordSetPayload:
        user_id = await set_by_link(info.context.parts, token=input.token, password=input.password)
        return PasswordSetPayload(user=User(id=global_id("User", user_id)))

    return await payload_of(PasswordSetPayload, write())
