"""Object types of the applications domain; each entity authorises its own reference."""

from datetime import datetime

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from common.access.scopes import require_scope
from common.errors import require
from common.graphql.connections import After, Connection, First, connection_of, page_request
from common.graphql.entities import Node, global_id, local_id
from subgraphs.applications import models
from subgraphs.applications.graphql.enums import ApplicationKind, ApplicationStatus
from subgraphs.applications.graphql.info import Info
from subgraphs.applications.graphql.inputs import ApplicationFilter, application_filter
from subgraphs.applications.graphql.loaders import (
    ApplicationPages,
    ApplicationsById,
    ApplicationsOf,
    EnvironmentsByApplicationId,
    EnvironmentsById,
)
from subgraphs.applications.policies import may_read_in


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A person who uses the platform."
)
class User:
    """People belong to another domain: here they are an id."""

    id: strawberry.ID = strawberry.field(description="Opaque, and the same in every service.")


@strawberry.federation.type(keys=["id"], description="An AI application that an organization runs.")
class Application(Node):
    """An application of the current organisation."""

    row: strawberry.Private[models.Application]
    slug: str = strawberry.field(description="Short name, unique in the organization.")
    name: str = strawberry.field(description="Full name.")
    description: str = strawberry.field(description="What the application is for.")
    kind: ApplicationKind = strawberry.field(description="What sort of application it is.")
    status: ApplicationStatus = strawberry.field(description="Where it is in its life.")
    version: int = strawberry.field(description="Grows with every change; give it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Application", self.row.id)

    @strawberry.field
    async def environments(self, info: Info) -> list["Environment"]:
        """Where it runs, in their order."""
        rows = await info.context.load(EnvironmentsByApplicationId, self.row.id)
        return [Environment.from_row(row) for row in rows]

    @strawberry.field
    def created_by(self) -> User | None:
        """Who made it; null if it was another application."""
        made_by = self.row.created_by
        return None if made_by is None else User(id=global_id("User", made_by))

    @strawberry.field
    def organization(self) -> "Organization | None":
        """Whose it is."""
        return Organization(id=global_id("Organization", self.row.organization_id))

    @classmethod
    def from_row(cls, row: models.Application) -> "Application":
        """The application in a row."""
        return cls(
            row=row,
            slug=row.slug,
            name=row.name,
            description=row.description,
            kind=ApplicationKind(row.kind),
            status=ApplicationStatus(row.status),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Application | None":
        """With `applications:read`, one of the current organization."""
        application_id = local_id(id, "Application")
        require_scope(info.context.principal, "applications:read")
        row = await info.context.load(ApplicationsById, application_id)
        return None if row is None else cls.from_row(row)


@strawberry.federation.type(keys=["id"], description="A place an application runs in, such as staging.")
class Environment(Node):
    """An environment of one of the current organisation's applications."""

    row: strawberry.Private[models.Environment]
    key: str = strawberry.field(description="Short name, unique in the application; it never changes.")
    name: str = strawberry.field(description="Full name.")
    protected: bool = strawberry.field(description="Cannot be removed as long as this is true.")
    position: int = strawberry.field(description="Where it stands among the others, the smallest first.")
    version: int = strawberry.field(description="Grows with every change; give it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque, and the same in every service."""
        return global_id("Environment", self.row.id)

    @strawberry.field
    async def application(self, info: Info) -> Application | None:
        """Whose environment it is."""
        row = await info.context.load(ApplicationsById, self.row.application_id)
        return None if row is None else Application.from_row(row)

    @classmethod
    def from_row(cls, row: models.Environment) -> "Environment":
        """The environment in a row."""
        return cls(
            row=row,
            key=row.key,
            name=row.name,
            protected=row.protected,
            position=row.position,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Environment | None":
        """With `applications:read`, one of the current organization."""
        environment_id = local_id(id, "Environment")
        require_scope(info.context.principal, "applications:read")
        row = await info.context.load(EnvironmentsById, environment_id)
        return None if row is None else cls.from_row(row)


def application_namespace(root: "Organization") -> str | None:
    """What the addresses of the organization's applications begin with, such as `acme/`."""
    return f"{root.slug}/" if root.slug else None


@strawberry.federation.type(keys=["id"], description="A company that runs AI applications.")
class Organization:
    """Organisations belong to another domain: here they have applications."""

    id: strawberry.ID = strawberry.field(description="Opaque, and the same in every service.")
    slug: str = strawberry.federation.field(
        default="", external=True, description="Short unique name for addresses."
    )
    application_namespace: str | None = strawberry.federation.field(
        resolver=application_namespace, requires=["slug"]
    )

    @strawberry.field
    async def applications(
        self,
        info: Info,
        filter: ApplicationFilter | None = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Application] | None:
        """What the organization runs, the newest first. Needs `applications:read` there."""
        organization_id = local_id(self.id, "Organization")
        require(
            may_read_in(info.context.principal, organization_id),
            "Seeing applications needs the permission 'applications:read' in that organization.",
        )
        key = ApplicationsOf(
            organization_id=organization_id,
            wanted=application_filter(filter),
            page=page_request(info, first=first, after=after),
        )
        page = await info.context.load(ApplicationPages, key)
        return None if page is None else connection_of(page, Application.from_row)

    @classmethod
    def resolve_reference(cls, id: strawberry.ID, slug: str = "") -> "Organization":
        """The organisation by its id; what it has here is authorised field by field."""
        local_id(id, "Organization")
        return cls(id=id, slug=slug)
