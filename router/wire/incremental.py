"""Parts of an answer → JSON, in either format of incremental delivery.

`CURRENT` is the format of the GraphQL specification's draft: `pending`, `incremental` by id, `completed`.
`OF_2022` is the one before, which older clients ask for (`deferSpec=20220824`): every deferred fragment is
delivered under its own path and label when it is complete, with an entry of its own for each object further
down that the client already has.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from router.plan.result import Completed, Deferred, Part, Pending, Streamed

Json = dict[str, Any]
Error = Mapping[str, Any]
Path = tuple[str | int, ...]


class PartsFormat(Enum):
    """How parts are written."""

    CURRENT = auto()
    OF_2022 = auto()


class PartsEncoder:
    """Writes the parts of one answer, in their order."""

    def __init__(self, format: PartsFormat) -> None:
        self._format = format
        self._open: dict[int, Pending] = {}
        self._data: dict[int, list[Deferred[Error]]] = {}
        self._ends: dict[int, Path] = {}
        self._is_first = True

    def encode(self, part: Part[Error]) -> Json:
        """The part as a JSON object. An answer of one part alone looks like any other answer."""
        written: Json = {}
        is_first, self._is_first = self._is_first, False
        if is_first:
            if part.errors:
                written["errors"] = list(part.errors)
            written["data"] = part.data
        self._open.update((each.id, each) for each in part.pending)
        if self._format is PartsFormat.CURRENT:
            written.update(self._current(part))
        else:
            written.update(self._of_2022(part))
        if part.extensions:
            written["extensions"] = dict(part.extensions)
        for completed in part.completed:
            self._open.pop(completed.id, None)
        if part.has_next or not is_first:
            written["hasNext"] = part.has_next
        return written

    def _current(self, part: Part[Error]) -> Json:
        written: Json = {}
        if part.pending:
            written["pending"] = [_pending(each) for each in part.pending]
        incremental = [_items(each) for each in part.streamed if each.items]
        incremental.extend(self._deferred(each) for each in part.deferred)
        if incremental:
            written["incremental"] = incremental
        if part.completed:
            written["completed"] = [_completed(each) for each in part.completed]
        return written

    def _deferred(self, deferred: Deferred[Error]) -> Json:
        """Under the id whose path is nearest, so that the path below is shortest."""
        waiting = [self._open[id] for id in deferred.pending if id in self._open]
        nearest = max(waiting, key=lambda each: len(each.path))
        written: Json = {"id": str(nearest.id)}
        below = deferred.path[len(nearest.path) :]
        if below:
            written["subPath"] = list(below)
        written["data"] = deferred.data
        if deferred.errors:
            written["errors"] = list(deferred.errors)
        return written

    def _of_2022(self, part: Part[Error]) -> Json:
        for deferred in part.deferred:
            for id in deferred.pending:
                self._data.setdefault(id, []).append(deferred)
        incremental = [written for each in part.streamed for written in self._more(each)]
        incremental.extend(written for each in part.completed for written in self._entries(each))
        return {"incremental": incremental} if incremental else {}

    def _more(self, streamed: Streamed[Error]) -> Iterator[Json]:
        """Some more items of a list."""
        label, path = self._open[streamed.id].label, (*streamed.path, streamed.start)
        self._ends[streamed.id] = (*streamed.path, streamed.start + len(streamed.items))
        if streamed.items:
            yield _at(path, label, "items", streamed.items, streamed.errors)

    def _entries(self, completed: Completed[Error]) -> Iterator[Json]:
        """What one fragment waited for, or why a list ends."""
        end = self._ends.pop(completed.id, None)
        if end is None:
            yield from self._fragment(completed)
        elif completed.errors:
            yield _at(end, self._open[completed.id].label, "items", None, completed.errors)

    def _fragment(self, completed: Completed[Error]) -> Iterator[Json]:
        """All that one deferred fragment waited for: its own object first, then what is further down.

        Fields that two fragments share are delivered with both.
        """
        pending = self._open[completed.id]
        found = self._data.pop(completed.id, [])
        if completed.errors:
            yield _at(pending.path, pending.label, "data", None, completed.errors)
            return
        own = [each for each in found if each.path == pending.path]
        data = {key: value for each in own for key, value in each.data.items()}
        yield _at(pending.path, pending.label, "data", data, [error for each in own for error in each.errors])
        for each in found:
            if each.path != pending.path:
                yield _at(each.path, pending.label, "data", each.data, each.errors)


def _at(path: Path, label: str | None, member: str, data: Any, errors: Sequence[Error]) -> Json:
    written: Json = {"path": list(path)}
    if label is not None:
        written["label"] = label
    written[member] = data
    if errors:
        written["errors"] = list(errors)
    return written


def _pending(pending: Pending) -> Json:
    written: Json = {"id": str(pending.id), "path": list(pending.path)}
    if pending.label is not None:
        written["label"] = pending.label
    return written


def _items(streamed: Streamed[Error]) -> Json:
    written: Json = {"id": str(streamed.id), "items": streamed.items}
    if streamed.errors:
        written["errors"] = list(streamed.errors)
    return written


def _completed(completed: Completed[Error]) -> Json:
    written: Json = {"id": str(completed.id)}
    if completed.errors:
        written["errors"] = list(completed.errors)
    return written
