"""The sample domain's tasks, written as real domains are."""

from datetime import timedelta

from sqlalchemy import update

from common.db.session import UnitOfWork
from common.tasks.task import Reject, Retry, TaskRun, TaskSet
from tests.integration.common.notes.models import Note, NoteWritten

TASKS = TaskSet(domain="notes")

QUICK = Retry(attempts=3, first=timedelta(milliseconds=50))


@TASKS.on(NoteWritten, name="notes.count_note", retry=Retry(first=timedelta(milliseconds=200)))
async def count_note(run: TaskRun[None], work: UnitOfWork, event: NoteWritten) -> None:
    """Raise the note's rank by one: twice would show."""
    await work.session.execute(update(Note).where(Note.id == event.note_id).values(rank=Note.rank + 1))


@TASKS.on(NoteWritten, name="notes.stumble", retry=QUICK)
async def stumble(run: TaskRun[None], work: UnitOfWork, event: NoteWritten) -> None:
    """Fail as the title says: for ever, at first, or for good at once."""
    match event.title:
        case "fails":
            raise RuntimeError("this always fails")
        case "stumbles" if run.attempt == 1:
            raise RuntimeError("this fails once")
        case "is refused":
            raise Reject("nobody wants this")
        case _:
            pass


@TASKS.every(timedelta(hours=1), name="notes.reset_ranks")
async def reset_ranks(run: TaskRun[None]) -> None:
    """Set every rank to a hundred."""
    async with run.resources.database.unit_of_work_for_system(domain="notes", job=run.name) as work:
        await work.session.execute(update(Note).values(rank=100))
