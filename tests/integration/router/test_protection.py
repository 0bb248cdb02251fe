"""Rate limits and IP rules through a running router: who is refused, how, and what everybody is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from atrium.embedded import EmbeddedRedis
from common.access.principal import Principal, PrincipalKind
from common.limits.ip_rules import IpAction, IpRule, network_of
from common.limits.policies import Policies, PoliciesOf
from common.limits.rate_limits import Counting, LimitUnit, RateLimit, rate_limits_in
from router.app import RouterApp, Surroundings, build_app
from router.artefacts.reader import SourceUnavailable
from router.settings import ProtectionSettings, RouterSettings
from router.snapshot.load import TextSource
from router.state.redis import RedisCounters
from tests.fakes.http_server import serving
from tests.fakes.shop import Shop
from tests.integration.router.conftest import SETTINGS, Platform, started

ECHO = '{ echo(text: "x") }'
HOUR = 3_600
HERE = ip_network("127.0.0.0/8")


def limited(text: str, **others: Any) -> RouterSettings:
    """Development settings with these limits, counted in memory."""
    protection = ProtectionSettings(rate_limits=rate_limits_in(text), **others)
    return replace(SETTINGS, protection=protection, max_batch=5, metrics=True)


@pytest.fixture
async def by_address() -> AsyncIterator[Platform]:
    """Three requests an hour from one address; proxies of ours are at 127.0.0.0/8."""
    settings = replace(limited("per-ip=3/1h by ip"), trusted_proxies=(HERE,))
    async for each in started(settings, over_http=False):
        yield each


async def test_what_is_left_is_told_and_then_refused(by_address: Platform) -> None:
    first = await by_address.ask(ECHO)
    for _ in range(2):
        assert (await by_address.ask(ECHO)).status == 200
    refused = await by_address.ask(ECHO)

    assert first.headers["ratelimit-policy"] == '"per-ip";q=3;w=3600'
    assert first.headers["ratelimit"].startswith('"per-ip";r=2;t=')
    assert first.headers["ratelimit-limit"] == "3"
    assert first.headers["ratelimit-remaining"] == "2"
    assert 0 < int(first.headers["ratelimit-reset"]) <= HOUR
    assert refused.status == 429
    assert refused.codes == ["RATE_LIMITED"]
    assert refused.headers["ratelimit"].startswith('"per-ip";r=0;t=')
    assert 0 < int(refused.headers["retry-after"]) <= 2 * HOUR
    (error,) = refused.body["errors"]
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "policy": "per-ip",
        "limit": 3,
        "window": HOUR,
        "unit": "requests",
        "retryAfter": int(refused.headers["retry-after"]),
    }


async def test_addresses_are_told_apart_and_cannot_be_invented(by_address: Platform) -> None:
    async def status(forwarded_for: str) -> int:
        return (await by_address.ask(ECHO, headers={"x-forwarded-for": forwarded_for})).status

    assert [await status(f"198.51.100.{turn}, 203.0.113.9") for turn in range(4)] == [200, 200, 200, 429]
    assert await status("203.0.113.8") == 200
    assert [await status(f"2001:db8::{turn}") for turn in range(4)] == [200, 200, 200, 429]
    assert await status("2001:db8:0:1::1") == 200


async def test_nothing_of_a_refused_request_is_read(by_address: Platform) -> None:
    for _ in range(3):
        await by_address.ask(ECHO)

    answer = await by_address.send(data=b"{ no json", headers={"content-type": "application/json"})

    assert answer.status == 429


async def test_each_operation_of_a_batch_counts(by_address: Platform) -> None:
    answer = await by_address.send(json=[{"query": ECHO}] * 4)

    codes = [each["errors"][0]["extensions"]["code"] for each in answer.body if "errors" in each]
    assert codes == ["RATE_LIMITED"]
    assert answer.headers["ratelimit-remaining"] == "0"
    assert (await by_address.ask(ECHO)).status == 429


async def test_each_operation_on_a_socket_counts(by_address: Platform) -> None:
    async with by_address.session.ws_connect(by_address.url, protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init"})
        assert (await socket.receive_json(timeout=10))["type"] == "connection_ack"
        for turn in range(3):
            await socket.send_json({"id": f"{turn}", "type": "subscribe", "payload": {"query": ECHO}})
            assert (await socket.receive_json(timeout=10))["type"] == "next"
            assert (await socket.receive_json(timeout=10))["type"] == "complete"
        await socket.send_json({"id": "last", "type": "subscribe", "payload": {"query": ECHO}})
        message = await socket.receive_json(timeout=10)

    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_a_stream_that_is_refused_is_refused_with_a_status(by_address: Platform) -> None:
    for _ in range(3):
        await by_address.ask(ECHO)

    answer = await by_address.ask(
        "subscription { reviewAdded { id } }", headers={"accept": "text/event-stream"}
    )

    assert answer.status == 429


async def test_other_paths_count_and_health_is_free(by_address: Platform) -> None:
    statuses = [(await by_address.send("GET", "/.well-known/keys")).status for _ in range(4)]

    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]
    assert (await by_address.send("GET", "/healthz")).status == 200


async def test_metrics_say_what_each_limit_decided() -> None:
    async for platform in started(limited("per-page=2/1h by ip on Query.echo"), over_http=False):
        for _ in range(3):
            await platform.ask(ECHO)
        shown = (await platform.send("GET", "/metrics")).body

        assert 'atrium_router_rate_limited_total{limit="per-page",outcome="allowed"} 2.0' in shown
        assert 'atrium_router_rate_limited_total{limit="per-page",outcome="denied"} 1.0' in shown


@pytest.mark.parametrize("path", ["/graphql", "/.well-known/keys"])
async def test_who_is_kept_out_gets_a_403_whatever_it_says_of_itself(path: str) -> None:
    settings = replace(SETTINGS, protection=ProtectionSettings(denied_networks=(HERE,)))
    async for platform in started(settings, over_http=False):
        answer = await platform.send("GET", path, headers={"x-forwarded-for": "203.0.113.9"})

        assert answer.status == 403
        assert answer.codes == ["IP_NOT_ALLOWED"]
        assert (await platform.send("GET", "/readyz")).status == 200
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await platform.session.ws_connect(platform.url, protocols=["graphql-transport-ws"])
        assert refused.value.status == 403


async def test_behind_a_trusted_proxy_the_rules_see_the_client() -> None:
    protection = ProtectionSettings(allowed_networks=(ip_network("203.0.113.0/24"),))
    settings = replace(SETTINGS, protection=protection, trusted_proxies=(HERE,))
    async for platform in started(settings, over_http=False):
        statuses = {
            forwarded_for: (await platform.ask(ECHO, headers={"x-forwarded-for": forwarded_for})).status
            for forwarded_for in ("203.0.113.9", "::ffff:203.0.113.9", "203.0.113.9, 198.51.100.1")
        }

        assert list(statuses.values()) == [200, 200, 403]
        assert (await platform.ask(ECHO)).status == 403


ORGANISATION, OTHER = uuid4(), uuid4()


def key_of(organisation: UUID) -> Principal:
    return Principal(kind=PrincipalKind.APPLICATION, id=uuid4(), key_id=uuid4(), organisation_id=organisation)


class Keys:
    """API keys of two organisations."""

    def __init__(self) -> None:
        self.known = {"atr_a": key_of(ORGANISATION), "atr_b": key_of(ORGANISATION), "atr_c": key_of(OTHER)}

    async def verify(self, credential: str) -> Principal | None:
        return self.known.get(credential)


class Policied:
    """A control plane whose policies a test changes."""

    def __init__(self, policies: Policies) -> None:
        self.policies: Policies | None = policies
        self.is_away = False

    async def load(self) -> Policies | None:
        if self.is_away:
            raise SourceUnavailable("away")
        policies, self.policies = self.policies, None
        return policies


class Guarded:
    """A router whose callers have API keys."""

    def __init__(
        self, app: RouterApp, url: str, session: aiohttp.ClientSession, keys: Keys, policied: Policied
    ) -> None:
        self.app, self.url, self.session, self.keys = app, url, session, keys
        self.policied = policied

    async def ask(self, key: str | None, query: str = ECHO, **members: Any) -> tuple[int, str | None, Any]:
        headers = {} if key is None else {"x-api-key": key}
        async with self.session.post(self.url, json={"query": query, **members}, headers=headers) as response:
            body = await response.json()
            code = body["errors"][0]["extensions"]["code"] if "errors" in body else None
            return response.status, code, response.headers


@asynccontextmanager
async def guarded(*policies: PoliciesOf, settings: RouterSettings = SETTINGS) -> AsyncIterator[Guarded]:
    shop, keys, policied = Shop(), Keys(), Policied(policies)
    surroundings = Surroundings(
        subgraphs={"products": shop.products_subgraph(), "reviews": shop.reviews_subgraph()},
        credentials=keys,
        policies=policied,
    )
    app = build_app(settings, TextSource(shop.supergraph()), surroundings)
    async with serving(app) as server, aiohttp.ClientSession() as session:
        yield Guarded(app, f"{server.url}/graphql", session, keys, policied)


def per(name: str, by: str, limit: int = 2, on: str = "") -> RateLimit:
    (one,) = rate_limits_in(f"{name}={limit}/1h by {by} {on}")
    return one


async def test_keys_and_organisations_are_counted_apart() -> None:
    both = PoliciesOf(rate_limits=(per("per-key", "key"), per("per-org", "organization", 3)))
    async with guarded(both) as router:
        statuses = [(await router.ask(key))[0] for key in ("atr_a", "atr_a", "atr_a", "atr_b", "atr_b")]
        other = await router.ask("atr_c")
        nobody = await router.ask(None)

    assert statuses == [200, 200, 429, 200, 429]
    assert other[2]["ratelimit"].startswith('"per-key";r=1;')
    assert '"per-org";r=2;' in other[2]["ratelimit"]
    assert nobody[0] == 200
    assert "ratelimit" not in nobody[2]


async def test_an_organisations_limits_hold_for_it_alone() -> None:
    ours = PoliciesOf(organisation_id=ORGANISATION, rate_limits=(per("ours", "organization", 1),))
    async with guarded(ours) as router:
        assert [(await router.ask("atr_a"))[0] for _ in range(2)] == [200, 429]
        assert [(await router.ask("atr_c"))[0] for _ in range(2)] == [200, 200]


async def test_limits_on_operations_cannot_be_evaded_by_another_name() -> None:
    named = PoliciesOf(
        rate_limits=(per("named", "key", 1, "on Search"), per("field", "key", 1, "on Query.echo"))
    )
    async with guarded(named) as router:
        assert (await router.ask("atr_a", "query Search { products { id } }"))[0] == 200
        assert (await router.ask("atr_a", "query Search { products { id } }"))[1] == "RATE_LIMITED"
        assert (await router.ask("atr_a", "query Else { products { id } }"))[0] == 200
        assert (await router.ask("atr_a", 'query A { x: echo(text: "1") }'))[0] == 200
        assert (await router.ask("atr_a", 'query B { ... { y: echo(text: "2") } }'))[1] == "RATE_LIMITED"


async def test_what_all_are_counted_by_together_is_shown_to_nobody() -> None:
    async with guarded(PoliciesOf(rate_limits=(RateLimit(name="all", limit=9, window=HOUR),))) as router:
        status, _, headers = await router.ask("atr_a")

    assert status == 200
    assert "ratelimit" not in headers


async def test_a_wrong_credential_is_told_so_and_counted_by_its_address_only() -> None:
    both = PoliciesOf(rate_limits=(per("per-ip", "ip", 3), per("per-key", "key", 1)))
    async with guarded(both) as router:
        assert (await router.ask("atr_wrong"))[1] == "UNAUTHENTICATED"
        assert (await router.ask("atr_wrong"))[1] == "UNAUTHENTICATED"
        assert (await router.ask("atr_a"))[0] == 200
        assert (await router.ask("atr_wrong"))[1] == "RATE_LIMITED"


async def test_organisations_and_keys_have_ip_rules_of_their_own() -> None:
    async with guarded() as router:
        assert router.app.router.protection is not None
        key = router.keys.known["atr_b"].key_id
        foreign = router.keys.known["atr_a"].key_id
        deny = IpRule(network=network_of("127.0.0.1"), action=IpAction.DENY)
        router.app.router.protection.use(
            (
                PoliciesOf(organisation_id=OTHER, ip_rules=(deny,)),
                PoliciesOf(organisation_id=ORGANISATION, ip_rules=(replace(deny, key_id=key),)),
                PoliciesOf(organisation_id=uuid4(), ip_rules=(replace(deny, key_id=foreign),)),
            )
        )

        assert (await router.ask("atr_a"))[0] == 200
        assert (await router.ask("atr_b"))[:2] == (403, "IP_NOT_ALLOWED")
        assert (await router.ask("atr_c"))[:2] == (403, "IP_NOT_ALLOWED")
        assert (await router.ask(None))[0] == 200


async def test_a_socket_is_closed_to_a_key_that_may_not_come_from_here() -> None:
    deny = IpRule(network=network_of("127.0.0.1"), action=IpAction.DENY)
    async with guarded(PoliciesOf(organisation_id=OTHER, ip_rules=(deny,))) as router:
        codes = {}
        for key in ("atr_a", "atr_c"):
            async with router.session.ws_connect(router.url, protocols=["graphql-transport-ws"]) as socket:
                await socket.send_json({"type": "connection_init", "payload": {"x-api-key": key}})
                said = await socket.receive(timeout=20)
                codes[key] = said.data if said.type is aiohttp.WSMsgType.CLOSE else None

    assert codes == {"atr_a": None, "atr_c": 4403}


async def test_cost_is_refused_and_requests_pass_while_redis_is_away() -> None:
    nowhere = ProtectionSettings(redis_url="redis://127.0.0.1:1/0")
    spend = RateLimit(name="spend", limit=100, window=HOUR, by=per("x", "key").by, unit=LimitUnit.COST)
    policies = PoliciesOf(rate_limits=(per("per-ip", "ip", 1),))
    theirs = PoliciesOf(organisation_id=OTHER, rate_limits=(spend,))
    async with guarded(policies, theirs, settings=replace(SETTINGS, protection=nowhere)) as router:
        assert [(await router.ask("atr_a"))[0] for _ in range(3)] == [200, 200, 200]
        assert (await router.ask("atr_c"))[:2] == (503, "RATE_LIMITS_UNAVAILABLE")


async def test_redis_dies_under_limits_and_comes_back(redis_server: EmbeddedRedis) -> None:
    protection = ProtectionSettings(redis_url=redis_server.url, redis_timeout=30.0)
    reads, (spend,) = per("reads", "key", 3), rate_limits_in("spend=3/1h by key cost exact")
    policies = (
        PoliciesOf(organisation_id=ORGANISATION, rate_limits=(replace(reads, counting=Counting.EXACT),)),
        PoliciesOf(organisation_id=OTHER, rate_limits=(spend,)),
    )
    async with guarded(*policies, settings=replace(SETTINGS, protection=protection)) as router:
        assert router.app.router.protection is not None
        counters = router.app.router.protection.counters
        assert isinstance(counters, RedisCounters)
        assert [(await router.ask("atr_a"))[0] for _ in range(4)] == [200, 200, 200, 429]
        assert (await router.ask("atr_c"))[0] == 200

        redis_server.kill()
        assert [(await router.ask("atr_b"))[0] for _ in range(9)] == [200] * 9
        assert (await router.ask("atr_c"))[:2] == (503, "RATE_LIMITS_UNAVAILABLE")
        assert (await router.ask("atr_a"))[0] == 429  # what was denied stays so

        redis_server.start()
        async with asyncio.timeout(30):
            while counters.is_away:
                await asyncio.sleep(0.02)
        assert [(await router.ask("atr_b"))[0] for _ in range(4)] == [200, 200, 200, 429]
        assert (await router.ask("atr_c"))[0] == 200


async def test_other_policies_hold_as_soon_as_they_are_there_and_stay_while_nobody_gives_any() -> None:
    async with guarded(PoliciesOf(rate_limits=(per("old", "key", 100),))) as router:
        source = router.policied

        async def until(name: str) -> None:
            async with asyncio.timeout(30):
                while f'"{name}"' not in (await router.ask("atr_a"))[2].get("ratelimit", ""):
                    router.app.look_for_policies()
                    await asyncio.sleep(0.01)

        await until("old")
        source.is_away = True
        router.app.look_for_policies()
        await until("old")
        source.is_away, source.policies = False, (PoliciesOf(rate_limits=(per("new", "key", 100),)),)
        await until("new")
        assert '"old"' not in (await router.ask("atr_a"))[2]["ratelimit"]
