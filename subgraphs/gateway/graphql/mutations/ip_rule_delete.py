"""`ipRuleDelete`: take an IP rule away."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.limit_types import IpRule
from subgraphs.gateway.service.limits import LimitService


@strawberry.input(description="An IP rule to take away.")
class IpRuleDeleteInput:
    """Which one."""

    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.type(description="What came of deleting an IP rule.")
class IpRuleDeletePayload:
    """What it was, or why not."""

    ip_rule: IpRule | None = strawberry.field(default=None, description="The rule as it was.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def ip_rule_delete(info: Info, input: IpRuleDeleteInput) -> IpRuleDeletePayload:
    """Take an IP rule away. Refused if that would keep out the caller. Needs `limits:write`."""

    async def change() -> IpRuleDeletePayload:
        context = info.context
        id = local_id(input.id, "IpRule")
        async with context.work() as work:
            service = LimitService(work, context.clock, context.parts.settings)
            shown = IpRule.from_row(await service.delete_ip_rule(id, context.request.client_address))
        return IpRuleDeletePayload(ip_rule=shown)

    return await payload_of(IpRuleDeletePayload, change())
