"""`atrium seed`: demo organisations, people, applications and a key; a second time changes nothing."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from atrium.attach import attached
from atrium.demo_people import (
    KEY_FILE,
    ORGANISATIONS,
    PASSWORD,
    DemoApplication,
    DemoOrganisation,
    DemoPerson,
)
from atrium.domains import auth_parts
from atrium.failure import Failed
from atrium.folder import data_folder
from atrium.joined import Joined, joined
from common.access.principal import Principal, PrincipalKind
from common.db.session import UnitOfWork
from common.ids import uuid7
from common.settings import CommonSettings, load
from subgraphs.applications.models import ApplicationKind
from subgraphs.applications.service.applications import ApplicationService
from subgraphs.auth.service.api_keys import ApiKeyService, KeyWish
from subgraphs.auth.service.parts import AuthParts
from subgraphs.auth.service.passwords import set_password_for_system
from subgraphs.gateway.service.platform import PlatformGraph
from subgraphs.users.models import Membership, User
from subgraphs.users.repository.organizations import MembershipRepository
from subgraphs.users.repository.people import PeopleRepository
from subgraphs.users.repository.roles import RoleRepository
from subgraphs.users.service.email_address import email_address
from subgraphs.users.service.organizations import OrganizationService, founding

_KEY_SCOPES = ("applications:read", "users:read")


def seed(data: Path) -> None:
    """Fill in what is missing of the demo data, and say what was made."""
    with attached(data, may_start=True):
        made = asyncio.run(_seed(data_folder(data).path / "secrets" / KEY_FILE))
    print(f"Demo data: {', '.join(made)}." if made else "Demo data: everything was there.")


async def _seed(key_file: Path) -> list[str]:
    settings = load(CommonSettings)
    if not settings.is_development:
        raise Failed("Demo data has known passwords: it is for development only (ATRIUM_ENV=development).")
    async with joined(settings) as process:
        seeding = _Seeding(process, auth_parts(process), key_file, [])
        for organisation in ORGANISATIONS:
            await seeding.organisation(organisation)
        return seeding.made


@dataclass(slots=True)
class _Seeding:
    process: Joined
    auth: AuthParts
    key_file: Path
    made: list[str]

    async def organisation(self, wanted: DemoOrganisation) -> None:
        owner, *others = wanted.people
        owner_id = await self._person(owner)
        id = await self._founded(wanted, owner_id)
        for person in others:
            await self._member(id, await self._person(person), person.role)
        acting = await self._acting(owner_id, id)
        await PlatformGraph(self.process.resources.database).found(id, self.process.resources.clock)
        for application in wanted.applications:
            await self._application(acting, application)

    async def _person(self, wanted: DemoPerson) -> UUID:
        found = await self.process.people.person_by_email(wanted.email)
        if found is not None:
            return found.user_id
        id, address = uuid7(), email_address(wanted.email)
        async with self._work("users", Principal(kind=PrincipalKind.USER, id=id)) as work:
            await PeopleRepository(work.session).insert_self(
                User(
                    id=id,
                    email=address.text,
                    email_norm=address.folded,
                    email_verified_at=self.process.resources.clock.now(),
                    name=wanted.name,
                    locale="en",
                    timezone="UTC",
                )
            )
        await set_password_for_system(self.auth, id, PASSWORD)
        self.made.append(wanted.email)
        return id

    async def _founded(self, wanted: DemoOrganisation, owner_id: UUID) -> UUID:
        grants = await self.process.people.memberships_of(owner_id)
        if grants:
            return grants[0].organisation_id
        founder = founding(Principal(kind=PrincipalKind.USER, id=owner_id))
        async with self._work("users", founder) as work:
            organization = await OrganizationService(work, self.process.resources.clock).found(
                wanted.name, wanted.slug
            )
            self.made.append(wanted.slug)
            return organization.id

    async def _member(self, organisation_id: UUID, user_id: UUID, role: str) -> None:
        grants = await self.process.people.memberships_of(user_id)
        if any(grant.organisation_id == organisation_id for grant in grants):
            return
        joining = Principal(kind=PrincipalKind.USER, id=user_id, organisation_id=organisation_id)
        async with self._work("users", joining) as work:
            kind = await RoleRepository(work.session).system_role(role)
            await MembershipRepository(work.session).insert_here(
                Membership(organization_id=organisation_id, user_id=user_id, role_id=kind.id)
            )

    async def _acting(self, user_id: UUID, organisation_id: UUID) -> Principal:
        grants = await self.process.people.memberships_of(user_id)
        scopes = next(grant.scopes for grant in grants if grant.organisation_id == organisation_id)
        return Principal(kind=PrincipalKind.USER, id=user_id, organisation_id=organisation_id, scopes=scopes)

    async def _application(self, acting: Principal, wanted: DemoApplication) -> None:
        async with self._work("applications", acting) as work:
            service = ApplicationService(work, self.process.resources.clock)
            if await service.by_slug(wanted.slug) is not None:
                return
            made = await service.create(wanted.name, wanted.slug, ApplicationKind.AGENT, wanted.description)
        self.made.append(wanted.slug)
        if not self.key_file.exists():
            await self._key(acting, made.id)

    async def _key(self, acting: Principal, application_id: UUID) -> None:
        wish = KeyWish(application_id=application_id, name="Demo", scopes=_KEY_SCOPES, expires_at=None)
        async with self._work("auth", acting) as work:
            issued = await ApiKeyService(work, self.auth).create(wish)
        self.key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(f"{issued.text}\n", encoding="utf-8")
        self.made.append(f"an API key ({self.key_file})")

    def _work(self, domain: str, principal: Principal) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.process.resources.database.unit_of_work(domain=domain, principal=principal)
