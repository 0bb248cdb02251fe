"""What was fetched so far → the parts of an answer, by the rules of incremental delivery.

An *instance* is one deferral at one object of the answer. It is announced (pending) once what is around it
was delivered, if any fields wait for it, and completed when everything it needs was fetched. Fields that
several instances wait for are delivered with the first of them. Where a null goes up to the top of deferred
fields, all instances that wait for them have no data, nor have those inside; what the client has stays.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from router.operation.model import Deferral
from router.plan.result import Completed, Deferred, FetchError, Growth, Part, Pending, Range, Streamed
from router.projection.collect import existing_path, visible_path
from router.projection.complete import NULLED, Link, Path, path_of
from router.projection.deferred import Cut, Later, PartsShape, Recording
from router.projection.project import distinct, moved
from router.projection.tail import Tail

MAX_AT_ONCE = 1_000
"""So many items, and deferred fields of so many objects, go into one part: others want to be served, too."""

Json = Any
STANDING = Growth()
Finished = frozenset[int]
_Key = tuple[int, Path]


@dataclass(slots=True, eq=False)
class _Fields:
    """Deferred fields of one object. `data` is there once they are printed, and sent only once."""

    path: Path
    later: Later
    waiting: "list[_Instance]" = field(default_factory=list)
    data: dict[str, Json] | None = None
    errors: tuple[FetchError, ...] = ()
    is_printed: bool = False
    is_sent: bool = False


@dataclass(slots=True, eq=False)
class _Instance:
    """One deferral at one object."""

    id: int
    deferral: Deferral
    path: Path
    parent: "_Instance | None"
    fields: list[_Fields] = field(default_factory=list)
    is_announced: bool = False
    is_over: bool = False
    has_failed: bool = False


@dataclass(slots=True, eq=False)
class _Rest:
    """The items of one list that come later, those from `start` on.

    `inside` are the deferred fields where the list stands. One that `has_grown` got items after it was begun.
    """

    id: int
    path: Path
    cut: Cut
    inside: _Fields | None
    start: int
    is_announced: bool = False
    has_grown: bool = False


class Delivery:
    """The parts of one answer. `root` is the tree that the fetches fill."""

    def __init__(self, root: dict[str, Json], shape: PartsShape, variables: Mapping[str, Any]) -> None:
        self._root = root
        self._shape = shape
        self._variables = variables
        self._truth = shape.truth(variables)
        self._active = shape.active(variables)
        self._instances: dict[_Key, _Instance] = {}
        self._open: list[_Instance] = []
        self._rests: list[_Rest] = []
        self._ids = count()
        self._seen: list[FetchError] = []
        self._at: dict[Path, list[int]] = {}
        self._below: dict[Path, list[int]] = {}
        self._told: set[int] = set()
        self._starts: dict[Path, int] = {}
        self._findings = Recording(())

    def first(self, errors: Iterable[FetchError], growth: Growth = STANDING) -> Part[FetchError]:
        """The first part, from what its fetches brought; a list of what will follow."""
        self._take(errors)
        shape = self._shape.first(self._variables)
        findings = self._findings = Recording(self._seen, growth.open)
        data = self._printed(shape, self._root, None)
        self._note(findings, data, (), None)
        own = self._tell((), data)
        pending = self._announced()
        return Part(
            data=data,
            errors=distinct((*own, *findings.errors)),
            pending=pending,
            has_next=bool(pending),
        )

    def next(
        self,
        finished: Finished,
        errors: Iterable[FetchError],
        growth: Growth = STANDING,
    ) -> Part[FetchError] | None:
        """The part that can be delivered now that everything for these deferrals is fetched, if any.

        A deferral waits where it wants something of items that are not complete yet.
        """
        self._take(errors)
        self._findings = Recording(self._seen, growth.open)
        pending: list[Pending] = []
        deferred: list[Deferred[FetchError]] = []
        completed: list[Completed[FetchError]] = []
        streamed: list[Streamed[FetchError]] = []
        completed.extend(self._go_on(streamed))
        pending.extend(self._announced())
        tried: set[int] = set()
        while (ready := self._ready(finished, growth.incomplete, tried)) and len(tried) < MAX_AT_ONCE:
            for instance in ready[:MAX_AT_ONCE]:
                tried.add(instance.id)
                completed.extend(self._complete(instance, deferred))
            pending.extend(self._announced())
        if not completed and not deferred and not streamed:
            return None
        return Part(
            pending=tuple(pending),
            deferred=tuple(deferred),
            streamed=tuple(streamed),
            completed=tuple(completed),
            has_next=any(each.is_announced and not each.is_over for each in self._open)
            or any(each.is_announced for each in self._rests),
        )

    # -- instances ---------------------------------------------------------------------------------

    def _note(self, findings: Recording, data: Json, top: Path, inside: _Fields | None) -> None:
        """Remember what comes later, at objects and in lists that no null has taken away."""
        for cut in findings.cuts:
            path = path_of(cut.link)
            if _is_there(path[len(top) :], data):
                has_grown = path in findings.growing
                self._rests.append(_Rest(next(self._ids), path, cut, inside, cut.start, has_grown=has_grown))
                self._starts[path] = cut.start
        found = [(path_of(spot.link), spot) for spot in findings.spots]
        for path, spot in sorted(found, key=lambda each: len(each[0])):  # outer objects were printed last
            if not _is_there(path[len(top) :], data):
                continue
            for later in spot.later:
                fields = _Fields(path, later)
                fields.waiting = [self._instance(each, path) for each in sorted(later.deferrals)]
                for instance in fields.waiting:
                    instance.fields.append(fields)

    def _instance(self, id: int, path: Path) -> _Instance:
        deferral = self._active[id]
        place = _up_to(path, deferral.depth)
        known = self._instances.get((id, place))
        if known is None:
            above = deferral.parent
            while above is not None and above not in self._active:
                above = self._shape.operation.deferrals[above].parent
            parent = None if above is None else self._instance(above, path)
            known = _Instance(next(self._ids), deferral, place, parent)
            self._instances[id, place] = known
            self._open.append(known)
        return known

    def _announced(self) -> tuple[Pending, ...]:
        """What waits for nothing around it any more."""
        pending = []
        for rest in self._rests:
            if not rest.is_announced and (rest.inside is None or rest.inside.is_sent):
                rest.is_announced = True
                pending.append(Pending(id=rest.id, path=rest.path, label=rest.cut.label))
        for instance in self._open:
            if instance.is_announced or not instance.fields or not _is_free(instance):
                continue
            instance.is_announced = True
            pending.append(Pending(id=instance.id, path=instance.path, label=instance.deferral.label or None))
        return tuple(pending)

    def _ready(
        self, finished: Finished, incomplete: Mapping[int, Sequence[Range]], tried: Set[int]
    ) -> list[_Instance]:
        self._open = [each for each in self._open if not each.is_over]
        return [
            each
            for each in self._open
            if each.is_announced
            and each.deferral.id in finished
            and each.id not in tried
            and not _overlaps(each.path, incomplete.get(each.deferral.id, ()))
        ]

    def _complete(
        self, instance: _Instance, deferred: list[Deferred[FetchError]]
    ) -> Iterator[Completed[FetchError]]:
        """Print all its fields, also those that are only found now; it goes on if items to come have more."""
        for fields in instance.fields:  # grows
            if not fields.is_printed:
                self._print(fields)
        failed = [fields for fields in instance.fields if fields.data is None]
        if failed:
            instance.is_over = instance.has_failed = True
            yield Completed(id=instance.id, errors=distinct(e for fields in failed for e in fields.errors))
            return
        for fields in instance.fields:
            if not fields.is_sent and fields.data is not None:
                fields.is_sent = True
                waiting = tuple(
                    each.id
                    for each in fields.waiting
                    if each is instance or (each.is_announced and not each.is_over)
                )
                deferred.append(
                    Deferred(pending=waiting, path=fields.path, data=fields.data, errors=fields.errors)
                )
        if not any(_may_add(rest, instance) for rest in self._rests):
            instance.is_over = True
            yield Completed(id=instance.id)

    def _go_on(self, streamed: list[Streamed[FetchError]]) -> list[Completed[FetchError]]:
        """Items of the lists whose first ones were delivered."""
        rests, left = self._rests, MAX_AT_ONCE
        self._rests = []
        completed: list[Completed[FetchError]] = []
        for rest in rests:
            if not rest.is_announced or left <= 0:
                self._rests.append(rest)
                continue
            before = rest.start
            completed.extend(self._more_of(rest, left, streamed))
            left -= rest.start - before
        return completed

    def _more_of(
        self, rest: _Rest, at_most: int, streamed: list[Streamed[FetchError]]
    ) -> Iterator[Completed[FetchError]]:
        """Print the next items of a list; one that must not be null and is ends them."""
        cut, start = rest.cut, rest.start
        link, found = self._found(rest.path)
        findings = self._clean_findings()
        items: list[Json] = []
        failed: tuple[FetchError, ...] | None = None
        rest.start = end = min(len(found), start + at_most)
        goes_on = end < len(found) or rest.path in findings.growing
        if goes_on and start == end:
            self._rests.append(rest)
            return
        self._starts[rest.path] = end
        for index in range(start, end):
            item = self._item(cut, found[index], (link, index))
            if item is NULLED and cut.has_non_null_items:
                failed = tuple(self._tell((*rest.path, index), None)) + tuple(findings.errors)
                failed = failed or tuple(self._around((*rest.path, index)))
                findings.errors = []
                self._starts[rest.path] = index  # nothing more is told of what never comes
                break
            items.append(None if item is NULLED else item)
        if failed is None and not goes_on and rest.has_grown:
            failed = self._told_at_end(rest.path, end) or None
        printed = Tail(items, start)
        errors = distinct((*self._tell(rest.path, printed), *findings.errors))
        if not items and (failed or errors):
            failed, errors = (*(failed or ()), *errors), ()
        if items or not goes_on or failed is not None:
            streamed.append(Streamed(id=rest.id, path=rest.path, start=start, items=items, errors=errors))
        self._note(findings, printed, rest.path, rest.inside)
        if failed is None and goes_on:
            self._rests.append(rest)
            return
        if failed is None:
            self._starts.pop(rest.path, None)
        yield Completed(id=rest.id, errors=distinct(failed or ()))

    def _item(self, cut: Cut, found: Json, link: Link) -> Json:
        if found is not None:
            return cut.item(found, link, self._findings)
        if cut.has_non_null_items:
            self._findings.null_for_non_null(link, cut.coordinate)
        return NULLED

    def _found(self, path: Path) -> tuple[Link, Json]:
        """What was fetched at a path."""
        link: Link = None
        found: Json = self._root
        for step in path:
            link, found = (link, step), found[step]
        return link, found

    def _clean_findings(self) -> Recording:
        findings = self._findings
        findings.errors, findings.spots, findings.cuts = [], [], []
        return findings

    def _print(self, fields: _Fields) -> None:
        fields.is_printed = True
        link, found = self._found(fields.path)
        findings = self._clean_findings()
        fields.data = self._printed(fields.later, found, link)
        self._note(findings, fields.data, fields.path, fields)
        own = self._tell(fields.path, fields.data)
        if fields.data is None and not own and not findings.errors:
            own = self._around(fields.path)
        fields.errors = distinct((*own, *findings.errors))

    def _printed(self, later: Later, found: Json, link: Link) -> dict[str, Json] | None:
        data = later.complete(found, link, self._findings)
        if data is NULLED:
            return None
        if later.introspected and self._shape.introspection is not None:
            answers = self._shape.introspection.answer(self._variables)
            for key in later.introspected:
                data[key] = answers.get(key)
        assert isinstance(data, dict)
        return data

    # -- errors ------------------------------------------------------------------------------------

    def _take(self, errors: Iterable[FetchError]) -> None:
        """Errors of fetches that the client may know of; each is told with the part that it concerns."""
        for error in errors:
            path = visible_path(error.path or (), self._shape.operation.selections, self._truth)
            if path is None:
                continue
            number = len(self._seen)
            self._seen.append(moved(error, path))
            self._at.setdefault(path, []).append(number)
            for length in range(len(path) + 1):
                self._below.setdefault(path[:length], []).append(number)

    def _tell(self, top: Path, data: Json) -> list[FetchError]:
        """The errors about what stands in the data, each told once; the others wait for their fields."""
        told = []
        for number in self._near(top):
            path = self._seen[number].path or ()
            below = path[len(top) :]
            if number in self._told or self._comes_later(path):
                continue
            if data is not None and not _concerns(below, data):
                continue
            self._told.add(number)
            told.append(moved(self._seen[number], (*path[: len(top)], *existing_path(below, data))))
        return told

    def _told_at_end(self, top: Path, end: int) -> tuple[FetchError, ...]:
        """Why a list that grew has no more items: errors about itself or what stands behind its end."""
        told = []
        for number in self._below.get(top, ()):
            path = self._seen[number].path or ()
            step = path[len(top)] if len(path) > len(top) else end
            if number not in self._told and isinstance(step, int) and step >= end:
                self._told.add(number)
                told.append(self._seen[number])
        return tuple(told)

    def _comes_later(self, path: Path) -> bool:
        """Whether it leads to an item that a list was cut off before."""
        for length in range(len(path)) if self._starts else ():
            start, step = self._starts.get(path[:length]), path[length]
            if start is not None and isinstance(step, int) and step >= start:
                return True
        return False

    def _near(self, top: Path) -> list[int]:
        """Errors at, below or around an object."""
        around = [number for length in range(len(top)) for number in self._at.get(top[:length], ())]
        return [*around, *self._below.get(top, ())]

    def _around(self, top: Path) -> list[FetchError]:
        """Errors that were told already, and are the reason here as well."""
        return [self._seen[number] for number in self._near(top)]


def _is_free(instance: _Instance) -> bool:
    """Whether everything around it was delivered; what has no fields of its own is never delivered."""
    above = instance.parent
    while above is not None:
        if above.has_failed or (above.fields and not above.is_over):
            return False
        above = above.parent
    return True


def _overlaps(path: Path, ranges: Sequence[Range]) -> bool:
    """Whether one of the items is at, below or around an object."""
    for place, start, end in ranges:
        length = len(place)
        if place[: len(path)] == path:
            return True
        if path[:length] == place and isinstance(step := path[length], int) and start <= step < end:
            return True
    return False


def _may_add(rest: _Rest, instance: _Instance) -> bool:
    """Whether items that are to come may hold fields of this instance."""
    return instance.deferral.id in rest.cut.later and rest.path[: len(instance.path)] == instance.path


def _is_there(path: Sequence[str | int], data: Json) -> bool:
    for step in path:
        match data:
            case dict() if step in data:
                data = data[step]
            case list() if isinstance(step, int) and step < len(data):
                data = data[step]
            case _:
                return False
    return data is not None


def _concerns(path: Sequence[str | int], data: Json) -> bool:
    """Whether the path leads to something in the data, or through a null in it; not past its fields."""
    for step in path:
        if isinstance(data, dict) and isinstance(step, str):
            if step not in data:
                return False
            data = data[step]
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return True
    return True


def _up_to(path: Path, depth: int) -> Path:
    """The path of the object that so many fields are around."""
    fields = 0
    for length, step in enumerate(path):
        if isinstance(step, str):
            if fields == depth:
                return path[:length]
            fields += 1
    return path
