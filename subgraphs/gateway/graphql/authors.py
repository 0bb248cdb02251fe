"""Who changed something, and other domains' entities as they are named here."""

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from common.graphql.entities import global_id
from subgraphs.gateway import models
from subgraphs.gateway.graphql.enums import AuthorKind

_ID = "Opaque, and the same in every service."


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A person who uses the platform."
)
class User:
    """People belong to another domain: here they are an id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)],
    description="An AI application that an organization runs.",
)
class Application:
    """Applications belong to another domain: here they are an id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A company that runs AI applications."
)
class Organization:
    """Organisations belong to another domain: here they are an id."""

    id: strawberry.ID = strawberry.field(description=_ID)


@strawberry.type(description="Who changed a graph: a person, an application or the platform itself.")
class SchemaAuthor:
    """One of the two ids is there, or a label."""

    kind: AuthorKind = strawberry.field(description="What sort of caller it was.")
    user: User | None = strawberry.field(description="The person.")
    application: Application | None = strawberry.field(description="The application.")
    label: str = strawberry.field(description="Which part of the platform it was; else empty.")

    @classmethod
    def from_row(cls, row: models.Authored) -> "SchemaAuthor":
        """The author of a row."""
        kind, id = AuthorKind(row.author_kind), row.author_id
        is_user, is_application = kind is AuthorKind.USER, kind is AuthorKind.APPLICATION
        return cls(
            kind=kind,
            user=User(id=global_id("User", id)) if id is not None and is_user else None,
            application=(
                Application(id=global_id("Application", id)) if id is not None and is_application else None
            ),
            label=row.author_label,
        )
