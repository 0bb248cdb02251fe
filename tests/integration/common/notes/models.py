"""A sample domain with one table, written as real domains are."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.base import DomainTables, Identified, Timestamped, domain_metadata
from common.db.pages import CursorCodec, Descending, Order, Page, PageRequest, page_of, pages_by_key
from common.db.repository import Repository
from common.errors import DomainError, Kind
from common.events.envelope import Event


class Base(DomainTables, DeclarativeBase):
    """Tables of the sample domain."""

    metadata = domain_metadata("notes")


class Note(Identified, Timestamped, Base):
    """A note somebody wrote."""

    __tablename__ = "notes"

    organization_id: Mapped[UUID]
    author_id: Mapped[UUID]
    title: Mapped[str]
    rank: Mapped[int] = mapped_column(default=0)


class NoteTitleTaken(DomainError):
    """Another note of the organisation has this title."""

    code = "NOTE_TITLE_TAKEN"
    kind = Kind.CONFLICT

    def __init__(self, title: str) -> None:
        super().__init__(f"There is a note {title!r} already.", path=("input", "title"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(Event):
    """Somebody wrote a note."""

    topic: ClassVar[str] = "notes.note.written"

    organisation_id: UUID
    note_id: UUID
    title: str

    @property
    def key(self) -> str:
        """Notes are independent of each other."""
        return str(self.note_id)


BY_NEWEST = Order("notes.newest", Descending(Note.created_at), Descending(Note.id))


class NoteRepository(Repository):
    """Every statement of the sample domain."""

    async def by_ids(self, ids: list[UUID]) -> dict[UUID, Note]:
        """Notes by their ids."""
        return await self.by_keys(select(Note), Note.id, ids)

    async def page(self, request: PageRequest, cursors: CursorCodec) -> Page[Note]:
        """Notes, newest first."""
        return await page_of(self.session, select(Note), BY_NEWEST, request, cursors)

    async def pages_by_author(
        self, authors: list[UUID], request: PageRequest, cursors: CursorCodec
    ) -> dict[UUID, Page[Note]]:
        """Each author's notes, newest first."""
        statement = select(Note)
        return await pages_by_key(
            self.session, statement, Note.author_id, authors, BY_NEWEST, request, cursors
        )

    async def add(self, note: Note) -> None:
        """Write a note with a title nobody has taken."""
        await self.insert(note, taken={"uq_notes_title": lambda: NoteTitleTaken(note.title)})
