"""Callers with credentials, limits and registered documents on the lane: checked and counted as ever."""

import asyncio
from dataclasses import replace
from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.access.signing import generate_key, private_key_to_text
from common.limits.rate_limits import rate_limits_in
from common.operations.documents import ClientDocuments, SafelistMode, TrustedDocuments
from router.app import Surroundings
from router.persisted.library import library_of
from router.settings import ProtectionSettings
from tests.integration.router.riding import (
    PATIENCE,
    SAY,
    SETTINGS,
    Client,
    Served,
    post,
    request,
    until,
    worlds,
)

NAMES = ("a", "b")


class Keys:
    """Two keys that hold, until they are withdrawn."""

    def __init__(self) -> None:
        self.held = {f"atr_{name}": UUID(int=at) for at, name in enumerate(NAMES, 1)}

    async def verify(self, credential: str) -> Principal | None:
        id = self.held.get(credential)
        kind = PrincipalKind.APPLICATION
        return None if id is None else Principal(kind=kind, id=id, organisation_id=id, key_id=id)


def with_key(name: str) -> dict[str, str]:
    return {"x-api-key": f"atr_{name}"}


async def knowing(served: Served, headers: dict[str, str]) -> Client:
    client = await served.client()
    await served.known_to(client, SAY, headers=headers)
    return client


async def test_a_key_that_is_revoked_is_refused_at_once() -> None:
    keys = Keys()
    async with worlds(surroundings=Surroundings(credentials=keys)) as world:
        client = await knowing(world.lane, with_key("a"))
        boarded = world.lane.boarded
        assert (await client.ask(SAY, {"text": "x"}, with_key("a"))).codes == []
        assert world.lane.boarded == boarded + 1

        del keys.held["atr_a"]
        world.lane.app.revocations.revoke_key(UUID(int=1))

        for _ in range(3):
            answer = await client.ask(SAY, {"text": "x"}, with_key("a"))
            assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
        assert world.lane.boarded == boarded + 1
        await world.lane.at_rest()


async def test_two_callers_share_nothing_that_is_signed() -> None:
    settings = replace(SETTINGS, signing_key=private_key_to_text(generate_key()))
    async with worlds(settings, Surroundings(credentials=Keys())) as world:
        world.may_answer.set()
        clients = [await knowing(world.lane, with_key(name)) for name in (*NAMES, "a")]
        for client in clients:
            await world.lane.known_to(client, "{ wait }", headers=with_key("a"))
            await world.lane.known_to(client, "{ wait }", headers=with_key("b"))
        world.may_answer.clear()
        asked, boarded = world.questions, world.lane.boarded

        for name, client in zip((*NAMES, "a"), clients, strict=True):
            client.writing.write(request("{ wait }", None, with_key(name)))
        await until(lambda: world.lane.boarded == boarded + 3)
        await world.until_waiting(2)
        world.may_answer.set()

        assert [(await each.read()).codes for each in clients] == [[]] * 3
        assert world.questions == asked + 2
        identities = {each["atrium-identity"] for each in world.subgraphs["catalogue"].heads[-2:]}
        assert len(identities) == 2
        await world.lane.at_rest()


async def test_limits_count_rides_and_others_alike() -> None:
    limits = ProtectionSettings(
        rate_limits=rate_limits_in("all=12/1h by ip exact; says=9/1h by ip+operation")
    )
    async with worlds(replace(SETTINGS, protection=limits)) as world:
        seen = []
        for served in (world.lane, world.stages):
            client = await served.client()
            answers = [await client.ask(SAY, {"text": "x"}) for _ in range(15)]
            names = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-policy")
            told = [tuple(dict(each.headers).get(name) for name in names) for each in answers]
            seen.append([(each.status, *more) for each, more in zip(answers, told, strict=True)])

        assert seen[0] == seen[1]
        assert [each[0] for each in seen[0]] == [200] * 9 + [429] * 6


async def test_a_limit_that_is_no_exact_one_is_counted_on_the_lane() -> None:
    limits = ProtectionSettings(rate_limits=rate_limits_in("says=100/1h by ip"))
    async with worlds(replace(SETTINGS, protection=limits)) as world:
        client = await world.lane.client()
        statuses = [(await client.ask(SAY, {"text": "x"})).status for _ in range(105)]

        assert statuses == [200] * 100 + [429] * 5
        assert 50 < world.lane.boarded <= 100
        await world.lane.at_rest()


async def test_registered_documents_ride_for_those_who_registered_them() -> None:
    async with worlds() as world:
        client, desk = await world.lane.client(), world.lane.app.router.desk
        web = ClientDocuments(name="web", mode=SafelistMode.ID, documents={"say": SAY})
        desk.library = library_of(TrustedDocuments(clients=(web,), default_mode=SafelistMode.KNOWN))
        named = {"graphql-client-name": "web"}
        by_id = post(b'{"documentId":"say","variables":{"text":"x"}}', named)
        boarded = world.lane.boarded
        async with asyncio.timeout(PATIENCE):
            while world.lane.boarded == boarded:
                assert (await client.send(by_id)).json == {"data": {"say": "x"}}
        found = desk._found_by_id["web"]
        assert (await client.send(by_id)).json == {"data": {"say": "x"}}
        assert desk._found_by_id["web"] == found + 1

        strange = await client.send(post(b'{"documentId":"say"}'))
        text = await client.ask(SAY, headers=named)
        several = await client.send(post(b'{"documentId":"say","query":"{depot}"}', named))

        assert strange.codes == ["PERSISTED_DOCUMENT_NOT_FOUND"]
        assert text.codes == ["DOCUMENT_ID_REQUIRED"]
        assert several.codes == ["BAD_REQUEST"]
        assert world.lane.boarded == boarded + 2
