"""`atrium found`: the first person and organisation of an installation; everybody else is invited."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from atrium.attach import attached
from atrium.failure import Failed
from atrium.joined import joined
from atrium.registry_here import publish_own
from common.access.principal import Principal, PrincipalKind
from common.errors import DomainError
from common.ids import uuid7
from common.settings import CommonSettings, load
from common.texts import clean_name
from subgraphs.gateway.service.platform import PlatformGraph
from subgraphs.users.events import UserCreated
from subgraphs.users.models import User
from subgraphs.users.repository.people import PeopleRepository
from subgraphs.users.service.email_address import email_address
from subgraphs.users.service.organizations import OrganizationService, founding


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """Who founds what."""

    email: str
    name: str
    organization: str
    slug: str


def found(data: Path, wish: Founding) -> None:
    """Create both in one transaction; auth mails the person a link with which to choose a password."""
    with attached(data, may_start=False):
        try:
            asyncio.run(_found(wish))
        except DomainError as refused:
            raise Failed(refused.message) from refused
        print(f"{wish.organization} is founded. {wish.email} gets a link by mail to choose a password.")
        # A new graph of the platform would otherwise take the first subgraph of a stranger for all there is.
        try:
            publish_own(data)
        except Failed as failed:
            raise Failed(
                f"{failed}\nFounded all the same; `atrium schema publish --own` is left."
            ) from failed


async def _found(wish: Founding) -> None:
    address = email_address(wish.email)
    founder = founding(Principal(kind=PrincipalKind.USER, id=uuid7()))
    assert founder.id is not None
    async with joined(load(CommonSettings)) as process:
        clock, database = process.resources.clock, process.resources.database
        async with database.unit_of_work(domain="users", principal=founder) as work:
            person = User(
                id=founder.id,
                email=address.text,
                email_norm=address.folded,
                name=clean_name(wish.name),
                locale="en",
                timezone="UTC",
            )
            await PeopleRepository(work.session).insert_self(person)
            made = await OrganizationService(work, clock).found(wish.organization, wish.slug)
            work.outbox.add(UserCreated(organisation_id=made.id, user_id=person.id))
        # The first organisation of an installation runs it, and so its graph.
        await PlatformGraph(database).found(made.id, clock)
