"""Rate limits and IP rules through the gateway subgraph, and as routers read them."""

from ipaddress import ip_network
from typing import Any
from uuid import UUID

import pytest

from common.access.artefacts import ArtefactKind, ArtefactVerifier
from common.access.principal import Principal
from common.clock import SystemClock
from common.graphql.context import ClientRequest
from common.graphql.subgraph import Subgraph
from common.ids import from_global_id, to_global_id, uuid7
from common.limits.policies import PoliciesOf, policies_from_json
from common.limits.rate_limits import Counting, LimitBy, LimitUnit, WhenAway
from subgraphs.gateway.service.parts import GatewayParts
from subgraphs.gateway.service.platform import PlatformGraph
from tests.factories.graphs import publisher
from tests.integration.gateway.conftest import Ask

pytestmark = pytest.mark.stores

SCOPES = frozenset({"limits:read", "limits:write", "schemas:read", "schemas:publish"})
ERRORS = "errors { __typename code path message }"
LIMIT_SET = (
    "mutation ($input: RateLimitSetInput!) { rateLimitSet(input: $input) { rateLimit { name limit"
    f" windowSeconds by unit counting whenAway operations apiKey {{ id }} reach reason }} {ERRORS} }} }}"
)
LIMIT_DELETE = (
    "mutation ($name: String!) { rateLimitDelete(input: { name: $name }) {"
    f" rateLimit {{ name }} {ERRORS} }} }}"
)
RULE_SET = (
    "mutation ($input: IpRuleSetInput!) { ipRuleSet(input: $input) {"
    f" ipRule {{ id network action note reach apiKey {{ id }} }} {ERRORS} }} }}"
)
RULE_DELETE = (
    f"mutation ($id: ID!) {{ ipRuleDelete(input: {{ id: $id }}) {{ ipRule {{ network }} {ERRORS} }} }}"
)
LISTS = "{ rateLimits { nodes { name } totalCount } ipRules { nodes { id network action } totalCount } }"


@pytest.fixture
def owner() -> Principal:
    return publisher(SCOPES)


async def set_limit(ask: Ask, who: Principal, **input: Any) -> dict[str, Any]:
    answer = await ask(who, LIMIT_SET, input={"limit": "10", "windowSeconds": 60, **input})
    assert not answer.errors, answer.errors
    assert answer.data is not None
    payload: dict[str, Any] = answer.data["rateLimitSet"]
    return payload


async def set_rule(ask: Ask, who: Principal, network: str, action: str = "DENY", **more: Any) -> Any:
    answer = await ask(who, RULE_SET, input={"network": network, "action": action, **more})
    assert not answer.errors, answer.errors
    assert answer.data is not None
    return answer.data["ipRuleSet"]


async def policies_for(parts: GatewayParts, graph: UUID | None) -> tuple[int, tuple[PoliciesOf, ...]]:
    """The serial and what a router reads, verified."""
    found = await parts.policies.active(graph)
    assert found is not None
    assert found.text is not None
    again = await parts.policies.active(graph, known=found.tag)
    assert again is not None
    assert again.text is None
    assert parts.artefacts.public_key is not None
    artefact = ArtefactVerifier([parts.artefacts.public_key]).verify(found.text, kind=ArtefactKind.POLICIES)
    assert artefact.tag == found.tag
    return artefact.serial, policies_from_json(artefact.body)


async def graph_of(ask: Ask, who: Principal) -> UUID:
    answer = await ask(who, 'mutation { graphCreate(input: { name: "g" }) { graph { id } } }')
    assert answer.data is not None
    return from_global_id(answer.data["graphCreate"]["graph"]["id"], "Graph")


async def test_limits_and_rules_are_set_changed_listed_and_deleted(ask: Ask, owner: Principal) -> None:
    first = await set_limit(ask, owner, name="per-user", by=["USER"], reason="calm down")
    changed = await set_limit(
        ask, owner, name="per-user", by=["KEY", "OPERATION"], unit="COST", counting="EXACT", whenAway="OPEN"
    )
    rule = await set_rule(ask, owner, "192.0.2.0/24", note="a noisy neighbour")
    again = await set_rule(ask, owner, "192.0.2.0/24", "ALLOW")
    listed = await ask(owner, LISTS)

    assert first["errors"] == []
    assert first["rateLimit"] == {
        "name": "per-user",
        "limit": "10",
        "windowSeconds": 60,
        "by": ["USER"],
        "unit": "REQUESTS",
        "counting": "LEASED",
        "whenAway": None,
        "operations": [],
        "apiKey": None,
        "reach": "ORGANIZATION",
        "reason": "calm down",
    }
    assert changed["rateLimit"]["by"] == ["KEY", "OPERATION"]
    assert rule["ipRule"]["note"] == "a noisy neighbour"
    assert again["ipRule"]["id"] == rule["ipRule"]["id"]
    assert listed.data == {
        "rateLimits": {"nodes": [{"name": "per-user"}], "totalCount": 1},
        "ipRules": {
            "nodes": [{"id": rule["ipRule"]["id"], "network": "192.0.2.0/24", "action": "ALLOW"}],
            "totalCount": 1,
        },
    }
    assert (await ask(owner, LIMIT_DELETE, name="per-user")).data == {
        "rateLimitDelete": {"rateLimit": {"name": "per-user"}, "errors": []}
    }
    assert (await ask(owner, RULE_DELETE, id=rule["ipRule"]["id"])).data == {
        "ipRuleDelete": {"ipRule": {"network": "192.0.2.0/24"}, "errors": []}
    }
    gone = await ask(owner, LIMIT_DELETE, name="per-user")
    assert gone.data is not None
    assert gone.data["rateLimitDelete"]["errors"][0]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({"name": "Per User"}, "A limit's name"),
        ({"name": "a", "limit": "0"}, "has to be from 1"),
        ({"name": "a", "windowSeconds": 0}, "The window"),
        ({"name": "a", "operations": ["{x}"]}, "neither an operation's name"),
        ({"name": "a", "by": ["IP", "IP"]}, "counted twice"),
    ],
)
async def test_what_is_no_limit_is_refused(
    ask: Ask, owner: Principal, input: dict[str, Any], message: str
) -> None:
    payload = await set_limit(ask, owner, **input)

    assert payload["rateLimit"] is None
    assert payload["errors"][0]["code"] == "INVALID_INPUT"
    assert message in payload["errors"][0]["message"]


async def test_what_is_no_network_is_refused(ask: Ask, owner: Principal) -> None:
    payload = await set_rule(ask, owner, "192.0.2.1/24")

    assert payload["errors"][0]["path"] == ["input", "network"]


async def test_others_see_and_change_nothing(ask: Ask, owner: Principal) -> None:
    await set_limit(ask, owner, name="ours")
    rule = await set_rule(ask, owner, "192.0.2.0/24")
    stranger = publisher(SCOPES)

    assert (await ask(stranger, LISTS)).data == {
        "rateLimits": {"nodes": [], "totalCount": 0},
        "ipRules": {"nodes": [], "totalCount": 0},
    }
    for answer, verb in (
        (await ask(stranger, LIMIT_DELETE, name="ours"), "rateLimitDelete"),
        (await ask(stranger, RULE_DELETE, id=rule["ipRule"]["id"]), "ipRuleDelete"),
    ):
        assert answer.data is not None
        assert answer.data[verb]["errors"][0]["code"] == "NOT_FOUND"


async def test_scopes_are_needed(ask: Ask) -> None:
    reader, nobody = publisher(frozenset({"limits:read"})), publisher(frozenset())

    refused = await ask(reader, LIMIT_SET, input={"name": "a", "limit": "1", "windowSeconds": 1})
    unseen = await ask(nobody, "{ ipRules { totalCount } }")

    assert refused.errors[0]["extensions"]["scope"] == "limits:write"
    assert unseen.errors[0]["extensions"]["scope"] == "limits:read"


async def test_nobody_but_the_platforms_owner_speaks_for_everyone(ask: Ask, owner: Principal) -> None:
    answer = await ask(
        owner, LIMIT_SET, input={"name": "a", "limit": "1", "windowSeconds": 1, "reach": "EVERYONE"}
    )

    assert answer.errors[0]["extensions"]["code"] == "NOT_THE_PLATFORMS"


async def test_nobody_locks_themselves_out(subgraph: Subgraph[GatewayParts], owner: Principal) -> None:
    here = ClientRequest(id="r", client_address="203.0.113.9")

    async def codes(document: str, verb: str, **variables: Any) -> list[str]:
        answer = await subgraph.executor.execute(document, variables, principal=owner, request=here)
        assert answer.data is not None, answer.errors
        return [error["code"] for error in answer.data[verb]["errors"]]

    def rule(network: str, action: str) -> dict[str, str]:
        return {"network": network, "action": action}

    assert await codes(RULE_SET, "ipRuleSet", input=rule("203.0.113.0/24", "DENY")) == ["WOULD_LOCK_OUT"]
    assert await codes(RULE_SET, "ipRuleSet", input=rule("192.0.2.0/24", "ALLOW")) == ["WOULD_LOCK_OUT"]
    assert await codes(RULE_SET, "ipRuleSet", input=rule("203.0.113.9", "ALLOW")) == []
    assert await codes(RULE_SET, "ipRuleSet", input=rule("203.0.113.0/24", "DENY")) == []
    answer = await subgraph.executor.execute(LISTS, {}, principal=owner, request=here)
    assert answer.data is not None
    rules = {each["network"]: each["id"] for each in answer.data["ipRules"]["nodes"]}
    assert await codes(RULE_DELETE, "ipRuleDelete", id=rules["203.0.113.9/32"]) == ["WOULD_LOCK_OUT"]
    assert len(rules) == 2


async def test_routers_of_a_graph_read_its_organisations_policies(
    ask: Ask, parts: GatewayParts, owner: Principal
) -> None:
    key = uuid7()
    graph = await graph_of(ask, owner)
    assert await parts.policies.active(graph) is None
    await set_limit(ask, publisher(SCOPES), name="somebody-elses")
    await set_limit(
        ask,
        owner,
        name="spend",
        limit="5000000",
        by=["ORGANIZATION"],
        unit="COST",
        counting="EXACT",
        whenAway="CLOSED",
        operations=["Mutation.generate"],
        apiKeyId=to_global_id("ApiKey", key),
    )
    await set_rule(ask, owner, "2001:db8::/32", "ALLOW")

    serial, (ours,) = await policies_for(parts, graph)

    (limit,), (rule,) = ours.rate_limits, ours.ip_rules
    assert serial == 2
    assert ours.organisation_id == owner.organisation_id
    assert (limit.name, limit.limit, limit.window, limit.by) == (
        "spend",
        5_000_000,
        60,
        (LimitBy.ORGANIZATION,),
    )
    assert (limit.unit, limit.counting, limit.when_away) == (LimitUnit.COST, Counting.EXACT, WhenAway.CLOSED)
    assert (limit.operations, limit.key_id) == (("Mutation.generate",), key)
    assert rule.network == ip_network("2001:db8::/32")
    await set_limit(ask, owner, name="another")
    assert (await policies_for(parts, graph))[0] == 3


async def test_the_platforms_routers_read_everybodys(ask: Ask, parts: GatewayParts, owner: Principal) -> None:
    database = parts.policies._database
    platform = PlatformGraph(database)
    await platform.found(owner.organisation_id or uuid7(), SystemClock())
    graph = await platform.current()
    assert graph is not None
    host = Principal(kind=owner.kind, id=uuid7(), organisation_id=graph.organization_id, scopes=SCOPES)
    guest = publisher(SCOPES)
    name = f"all-{uuid7().hex[-8:]}"
    await set_limit(ask, host, name=name, by=["IP"], reach="EVERYONE")
    await set_limit(ask, guest, name="theirs")

    _, policies = await policies_for(parts, None)

    by_owner = {part.organisation_id: part for part in policies}
    assert name in {limit.name for limit in by_owner[None].rate_limits}
    assert [limit.name for limit in by_owner[guest.organisation_id].rate_limits] == ["theirs"]
    refused = await ask(guest, LIMIT_DELETE, name=name)
    assert refused.data is not None
    assert refused.data["rateLimitDelete"]["errors"][0]["code"] == "NOT_FOUND"
