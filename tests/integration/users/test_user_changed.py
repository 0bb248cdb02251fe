"""`userChanged`: from a committed change over the relay and Redis to the subscriber."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from common.access.principal import ANONYMOUS, Principal
from common.db.session import Database
from common.events.bus import Bus
from common.events.relay import Delivery, Relay, RelayPace
from common.graphql.context import ClientRequest
from common.graphql.subgraph import Subgraph
from common.ids import to_global_id
from subgraphs.users.service.parts import UsersParts
from tests.factories.users import acting, add_member, add_membership, add_organization, add_person
from tests.integration.users.conftest import Ask
from tests.integration.users.test_users_graph import UPDATE, data, user_id

pytestmark = pytest.mark.stores

BEGINNING = "dXNlckNoYW5nZWQ6MA"  # userChanged:0
LISTEN = """subscription ($after: String) { userChanged(after: $after) {
  cursor kind userId changedFields user { name status } } }"""


class Nowhere:
    """Takes tasks and does nothing about them."""

    async def enqueue(self, deliveries: Sequence[Delivery]) -> None:
        """Forget them."""


@pytest.fixture
async def relay(app_url: str, bus: Bus) -> AsyncIterator[Relay]:
    relay = Relay(
        database_url=app_url,
        domains=["users"],
        consumers=[],
        queue=Nowhere(),
        bus=bus,
        pace=RelayPace(poll=timedelta(milliseconds=50)),
    )
    task = asyncio.create_task(relay.run())
    yield relay
    relay.stop()
    async with asyncio.timeout(20):
        await task


class Listening:
    """A subscription and what it has brought so far."""

    def __init__(
        self,
        subgraph: Subgraph[UsersParts],
        principal: Principal,
        after: str | None = None,
        last_event_id: str | None = None,
    ) -> None:
        request = ClientRequest(id="r", last_event_id=last_event_id)
        self._source = subgraph.executor.subscribe(
            LISTEN, {"after": after}, principal=principal, request=request
        )
        self.event_id: str | None = None

    async def next(self) -> dict[str, Any]:
        """The next change, within some seconds."""
        async with asyncio.timeout(10):
            answer = await anext(self._source)
            self.event_id = answer.event_id
            changed: dict[str, Any] = data(answer)["userChanged"]
            return changed

    async def close(self) -> None:
        """Unsubscribe."""
        await self._source.aclose()


async def renamed(ask: Ask, person: Principal, name: str) -> None:
    assert data(await ask(person, UPDATE, input={"id": user_id(person), "name": name}))


async def test_every_subscriber_of_the_organisation_hears_of_a_change_and_can_go_on_behind_it(
    subgraph: Subgraph[UsersParts], ask: Ask, database: Database, relay: Relay
) -> None:
    here = await add_organization(database)
    person, colleague = await add_member(database, here), await add_member(database, here)
    await renamed(ask, person, "Before")
    listeners = [Listening(subgraph, person), Listening(subgraph, colleague)]
    waiting = [asyncio.create_task(listener.next()) for listener in listeners]
    # A subscription begins with the first thing asked of it: change until both have heard.
    n = 0
    while not all(task.done() for task in waiting):
        n += 1
        await renamed(ask, person, f"Name {n}")
        await asyncio.wait(waiting, timeout=0.2)

    heard = [await task for task in waiting]
    for change in heard:
        assert (change["kind"], change["changedFields"]) == ("UPDATED", ["name"])
        assert change["userId"] == user_id(person)
        assert change["user"]["name"].startswith("Name ")
    await asyncio.gather(*(listener.close() for listener in listeners))

    await renamed(ask, person, "After")
    again = Listening(subgraph, colleague, after=heard[0]["cursor"])
    seen = [await again.next()]
    while seen[-1]["cursor"] != heard[0]["cursor"] and seen[-1]["user"]["name"] != "After":
        seen.append(await again.next())
    assert heard[0]["cursor"] not in [change["cursor"] for change in seen]
    await again.close()


async def test_the_id_of_the_last_event_goes_before_an_older_cursor(
    subgraph: Subgraph[UsersParts], ask: Ask, database: Database, relay: Relay
) -> None:
    person = await add_member(database, await add_organization(database))
    await renamed(ask, person, "One")
    await renamed(ask, person, "Two")
    first = Listening(subgraph, person, after=BEGINNING)
    one = await first.next()
    await first.next()
    two_id = first.event_id
    await first.close()
    await renamed(ask, person, "Three")

    for after in (BEGINNING, one["cursor"], None):
        again = Listening(subgraph, person, after=after, last_event_id=two_id)
        change = await again.next()
        await again.close()
        assert change["cursor"] != one["cursor"]
        assert again.event_id not in (None, two_id)


async def test_other_organisations_hear_nothing(
    subgraph: Subgraph[UsersParts], ask: Ask, database: Database, relay: Relay
) -> None:
    person = await add_member(database, await add_organization(database))
    stranger = await add_member(database, await add_organization(database))
    await renamed(ask, person, "Secret")
    await renamed(ask, stranger, "Own")

    own = Listening(subgraph, stranger, after=BEGINNING)
    first = await own.next()
    await own.close()

    assert first["userId"] == user_id(stranger)


async def test_somebody_who_is_removed_hears_so_and_nothing_more(
    subgraph: Subgraph[UsersParts], ask: Ask, database: Database, relay: Relay
) -> None:
    here = await add_organization(database)
    owner = await add_member(database, here, "owner")
    person_id = await add_person(database)
    membership = await add_membership(database, here, person_id)
    listening = Listening(subgraph, acting(person_id, here, "viewer"), after=BEGINNING)
    remove = f'mutation {{ membershipRemove(input: {{id: "{to_global_id("Membership", membership)}"}}) '
    remove += "{ membershipId errors { code } } }"
    assert data(await ask(owner, remove))["membershipRemove"]["errors"] == []
    await renamed(ask, owner, "Secret")

    heard = await listening.next()

    assert (heard["kind"], heard["userId"]) == ("LEFT", to_global_id("User", person_id))
    with pytest.raises(StopAsyncIteration):
        await listening.next()


async def test_strangers_and_bad_cursors_are_refused(
    subgraph: Subgraph[UsersParts], database: Database
) -> None:
    person = await add_member(database, await add_organization(database))
    homeless = acting(await add_person(database), None, "viewer")

    async def code(principal: Principal, after: str | None = None) -> str:
        async for answer in subgraph.executor.subscribe(LISTEN, {"after": after}, principal=principal):
            return str(answer.errors[0]["extensions"]["code"])
        return "nothing"

    assert await code(ANONYMOUS) == "UNAUTHENTICATED"
    assert await code(acting(await add_person(database), person.organisation_id)) == "SCOPE_MISSING"
    assert await code(homeless) == "FORBIDDEN"
    assert await code(person, "nonsense!") == "INVALID_CURSOR"
    assert await code(person, "dXNlckNoYW5nZWQ6LTE") == "INVALID_CURSOR"
