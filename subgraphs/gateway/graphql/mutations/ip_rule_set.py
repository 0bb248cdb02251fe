"""`ipRuleSet`: let requests from a network in or keep them out."""

import strawberry

from common.graphql.entities import local_id
from common.graphql.user_errors import UserError, payload_of
from subgraphs.gateway.graphql.enums import IpAction, Reach
from subgraphs.gateway.graphql.info import Info
from subgraphs.gateway.graphql.limit_types import IpRule
from subgraphs.gateway.service.authors import Purpose
from subgraphs.gateway.service.limits import LimitService, RuleWish


@strawberry.input(description="An IP rule. One for the same network, key and reach is changed to it.")
class IpRuleSetInput:
    """From where, and what becomes of it."""

    network: str = strawberry.field(description="As 192.0.2.0/24 or 2001:db8::/32, or one address.")
    action: IpAction = strawberry.field(description="What becomes of requests from there.")
    api_key_id: strawberry.ID | None = strawberry.field(default=None, description="Only for this key.")
    reach: Reach = strawberry.field(default=Reach.ORGANIZATION, description="For whom it holds.")
    note: str = strawberry.field(default="", description="What it is for.")
    reason: str = strawberry.field(default="", description="Why it is set now; kept with the rule.")


@strawberry.type(description="What came of setting an IP rule.")
class IpRuleSetPayload:
    """The rule, or why not."""

    ip_rule: IpRule | None = strawberry.field(default=None, description="The rule.")
    errors: list[UserError] = strawberry.field(default_factory=list, description="Why nothing changed.")


async def ip_rule_set(info: Info, input: IpRuleSetInput) -> IpRuleSetPayload:
    """Let requests from a network in or keep them out; routers obey within a second or two.

    Refused if it would keep out the caller. Needs `limits:write`.
    """

    async def change() -> IpRuleSetPayload:
        context = info.context
        wish = RuleWish(
            network=input.network,
            action=input.action,
            reach=input.reach,
            key_id=None if input.api_key_id is None else local_id(input.api_key_id, "ApiKey"),
            note=input.note,
            from_address=context.request.client_address,
        )
        async with context.work() as work:
            service = LimitService(work, context.clock, context.parts.settings)
            row = await service.set_ip_rule(wish, Purpose(reason=input.reason))
            return IpRuleSetPayload(ip_rule=IpRule.from_row(row))

    return await payload_of(IpRuleSetPayload, change())
