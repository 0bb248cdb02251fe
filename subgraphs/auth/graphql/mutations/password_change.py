"""passwordChange: another password, by somebody who knows the present one."""

import strawberry

from common.graphql.entities import global_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.auth.graphql.info import Info, origin_of
from subgraphs.auth.graphql.inputs import PasswordChangeInput
from subgraphs.auth.graphql.types import User
from subgraphs.auth.service.passwords import change


@strawberry.type
class PasswordChangePayload:
    """Whose password was changed, or why it was not."""

    user: User | None = strawberry.field(default=None, description="Whose password it is.")
    errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was wrong with the input; empty if nothing was."
    )


async def password_change(info: Info, input: PasswordChangeInput) -> PasswordChangePayload:
    """Replace one's password. All other sessions end, the current one goes on."""

    async def write() -> PasswordChangePayload:
        user_id = await change(
            info.context.parts,
            info.context.principal,
            current=input.current_password,
            new=input.new_password,
            origin=origin_of(info),
        )
        return PasswordChangePayload(user=User(id=global_id("User", user_id)))

    return await payload_of(PasswordChangePayload, write())
