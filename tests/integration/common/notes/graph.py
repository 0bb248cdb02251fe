"""The sample domain's graph, written as real domains are."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Self
from uuid import UUID

import strawberry

from common.access.scopes import require_organisation, require_user
from common.db.pages import Page, PageRequest
from common.db.session import UnitOfWork
from common.errors import Forbidden
from common.graphql.connections import Connection, connection_of, page_request
from common.graphql.context import Context
from common.graphql.entities import Node, global_id, local_id
from common.graphql.loaders import KeyedLoader
from common.graphql.schema import build_schema
from common.graphql.user_errors import USER_ERRORS, UserError, payload_of
from tests.integration.common.notes import models
from tests.integration.common.notes.models import NoteRepository, NoteWritten


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesParts:
    """The sample domain's own things."""

    greeting: str = "hello"


Info = strawberry.Info[Context[NotesParts], None]


class NotesById(KeyedLoader[UUID, models.Note]):
    """Notes by their ids."""

    async def fetch(self, work: UnitOfWork, keys: Sequence[UUID]) -> Mapping[UUID, models.Note]:
        """The notes that the principal may see."""
        return await NoteRepository(work.session).by_ids(list(keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorPage:
    """Which page of whose notes."""

    author_id: UUID
    request: PageRequest


class NotesByAuthor(KeyedLoader[AuthorPage, Page[models.Note]]):
    """One page of notes per author; authors with the same arguments share a statement."""

    async def fetch(
        self, work: UnitOfWork, keys: Sequence[AuthorPage]
    ) -> Mapping[AuthorPage, Page[models.Note]]:
        """The pages."""
        found = {}
        for request in {key.request for key in keys}:
            authors = [key.author_id for key in keys if key.request == request]
            pages = await NoteRepository(work.session).pages_by_author(authors, request, self.context.cursors)
            found.update({AuthorPage(author_id=id, request=request): page for id, page in pages.items()})
        return found


@strawberry.federation.type(keys=["id"])
class Note(Node):
    """A note."""

    row: strawberry.Private[models.Note]

    @strawberry.field
    def id(self) -> strawberry.ID:
        """Opaque."""
        return global_id("Note", self.row.id)

    @strawberry.field
    def title(self) -> str:
        """What it is about."""
        return self.row.title

    @strawberry.field
    def broken(self) -> str | None:
        """Always fails, with a secret in its message."""
        raise RuntimeError("the password is hunter2")

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> Self | None:
        """The note behind a representation."""
        row = await info.context.load(NotesById, local_id(id, "Note"))
        return cls(row=row) if row else None


@strawberry.federation.type(keys=["id"])
class User:
    """Another domain's entity, with a field of ours."""

    id: strawberry.ID

    @strawberry.field
    async def notes(
        self, info: Info, first: int | None = None, after: str | None = None
    ) -> Connection[Note] | None:
        """Notes the user wrote, newest first."""
        key = AuthorPage(
            author_id=local_id(self.id, "User"), request=page_request(info, first=first, after=after)
        )
        page = await info.context.load(NotesByAuthor, key)
        return connection_of(page, lambda row: Note(row=row)) if page else None

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> Self:
        """Any user may be asked for; row-level security decides what is seen."""
        return cls(id=id)


@strawberry.input
class NoteWriteInput:
    """What to write."""

    title: str


@strawberry.type
class NoteWritePayload:
    """The note, or why there is none."""

    note: Note | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class NoteWrittenEvent:
    """A note was written."""

    note_id: strawberry.ID
    position: str

    @strawberry.field
    async def note(self, info: Info) -> Note | None:
        """The note, as it is now."""
        row = await info.context.load(NotesById, local_id(self.note_id, "Note"))
        return Note(row=row) if row else None


@strawberry.type
class Query:
    """Reads."""

    @strawberry.field
    async def notes(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Note]:
        """The organisation's notes, newest first."""
        require_organisation(info.context.principal)
        request = page_request(info, first=first, after=after, last=last, before=before)
        async with info.context.work() as work:
            page = await NoteRepository(work.session).page(request, info.context.cursors)
        return connection_of(page, lambda row: Note(row=row))

    @strawberry.field
    def forbidden(self) -> str | None:
        """Nobody may."""
        raise Forbidden("Nobody may.", extensions={"scope": "notes:read"})

    @strawberry.field
    def greeting(self, info: Info) -> str:
        """The domain's own thing, and a cookie."""
        info.context.set_cookie("greeted=1; HttpOnly")
        return info.context.parts.greeting


@strawberry.type
class Mutation:
    """Changes."""

    @strawberry.mutation
    async def note_write(self, info: Info, input: NoteWriteInput) -> NoteWritePayload:
        """Write a note."""

        async def write() -> NoteWritePayload:
            principal = info.context.principal
            note = models.Note(
                organization_id=require_organisation(principal),
                author_id=require_user(principal),
                title=input.title,
            )
            async with info.context.work() as work:
                await NoteRepository(work.session).add(note)
                work.outbox.add(
                    NoteWritten(organisation_id=note.organization_id, note_id=note.id, title=note.title)
                )
            return NoteWritePayload(note=Note(row=note))

        return await payload_of(NoteWritePayload, write())


@strawberry.type
class Subscription:
    """News."""

    @strawberry.subscription
    async def note_written(
        self, info: Info, after: Annotated[str | None, strawberry.argument(description="A position.")] = None
    ) -> AsyncGenerator[NoteWrittenEvent, None]:
        """Notes as they are written."""
        async for logged in info.context.listen(
            [NoteWritten.topic],
            organisation_id=require_organisation(info.context.principal),
            after=int(after) if after else None,
        ):
            note_id = UUID(logged.envelope.payload["note_id"])
            yield NoteWrittenEvent(note_id=global_id("Note", note_id), position=str(logged.position))


SCHEMA = build_schema(query=Query, mutation=Mutation, subscription=Subscription, types=[User, *USER_ERRORS])
