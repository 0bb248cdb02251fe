"""People, organisations and memberships for tests, and the principals that act as them."""

from uuid import UUID

from common.access.principal import Principal, PrincipalKind
from common.db.session import Database
from common.ids import uuid7
from subgraphs.users.models import Membership, Organization, User
from subgraphs.users.policies import SYSTEM_ROLES
from subgraphs.users.repository.roles import RoleRepository


async def add_organization(database: Database, *, name: str = "Acme", status: str = "active") -> UUID:
    """An organisation with a slug of its own."""
    organization = Organization(id=uuid7(), name=name, slug=f"org-{uuid7().hex}", status=status)
    async with database.unit_of_work_for_system(domain="users", job="tests") as work:
        work.session.add(organization)
    return organization.id


async def add_person(
    database: Database, *, email: str | None = None, name: str = "Ada", status: str = "active"
) -> UUID:
    """A person who belongs nowhere yet; the address is their own."""
    address = email or f"{uuid7().hex}@example.com"
    person = User(
        id=uuid7(),
        email=address,
        email_norm=address.lower(),
        name=name,
        locale="en",
        timezone="UTC",
        status=status,
    )
    async with database.unit_of_work_for_system(domain="users", job="tests") as work:
        work.session.add(person)
    return person.id


async def add_membership(
    database: Database, organization_id: UUID, user_id: UUID, role: str = "viewer"
) -> UUID:
    """The person belongs to the organisation now, in a system role."""
    async with database.unit_of_work_for_system(domain="users", job="tests") as work:
        role_id = (await RoleRepository(work.session).system_role(role)).id
        membership = Membership(id=uuid7(), organization_id=organization_id, user_id=user_id, role_id=role_id)
        work.session.add(membership)
    return membership.id


async def system_role_id(database: Database, key: str) -> UUID:
    """The id of a role that exists everywhere."""
    async with database.unit_of_work_for_system(domain="users", job="tests") as work:
        return (await RoleRepository(work.session).system_role(key)).id


async def add_member(
    database: Database,
    organization_id: UUID,
    role: str = "viewer",
    *,
    name: str = "Ada",
    email: str | None = None,
) -> Principal:
    """A new person in the organisation, acting there with all that the role permits."""
    user_id = await add_person(database, name=name, email=email)
    await add_membership(database, organization_id, user_id, role)
    return acting(user_id, organization_id, role)


def acting(user_id: UUID, organization_id: UUID | None, role: str | None = None) -> Principal:
    """The person signed in to an organisation, with the permissions of a system role."""
    scopes = SYSTEM_ROLES[role] if role else frozenset[str]()
    return Principal(kind=PrincipalKind.USER, id=user_id, organisation_id=organization_id, scopes=scopes)
