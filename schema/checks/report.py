"""What a check found, as text for a person and as JSON for a pipeline."""

from collections.abc import Iterable, Iterator
from typing import Any

from schema.checks.check import Checked, Judged
from schema.checks.hits import Hit, Refused
from schema.checks.kinds import Criticality
from schema.checks.recorded import RecordedOperation

SHOWN_HITS = 10
"""Operations shown of one change as text; JSON has all of them."""


def as_text(checked: Checked, *, with_verdict: bool = True) -> str:
    """Every change with its reason and whom it would hit, then the verdict."""
    blocks = [_headline(checked)]
    blocks += ["\n".join(_change(judged)) for judged in checked.changes]
    if checked.broken:
        head = "Operations that would be refused:"
        blocks.append("\n".join([head, *_refused(checked.broken)]))
    if checked.never_valid:
        head = "Operations that the old schema refuses already, and that say nothing here:"
        blocks.append("\n".join([head, *_refused(checked.never_valid)]))
    if with_verdict:
        blocks.append(_verdict(checked))
    return _printable("\n\n".join(blocks)) + "\n"


def _printable(text: str) -> str:
    """Without what could steer a terminal: schemas and operations come from anywhere."""
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def _headline(checked: Checked) -> str:
    if not checked.changes:
        return "Nothing changed."
    counts = (f"{checked.count(one)} {one}" for one in reversed(Criticality))
    return f"{_many(len(checked.changes), 'change')}: {', '.join(counts)}."


def _change(judged: Judged) -> Iterator[str]:
    change = judged.change
    level = f"{change.criticality}, safe by usage" if judged.is_safe_by_usage else str(change.criticality)
    where = f" [{', '.join(change.subgraphs)}]" if change.subgraphs else ""
    yield f"{level}: {change.kind}: {change.sentence}{where}"
    if change.criticality is not Criticality.SAFE:
        yield f"  {change.why}"
    if judged.is_safe_by_usage:
        yield "  No recorded operation would be hit."
    elif judged.hits:
        yield from _hits(judged.hits)


def _hits(hits: tuple[Hit, ...]) -> Iterator[str]:
    count = sum(hit.operation.count for hit in hits)
    yield f"  It would hit {_many(len(hits), 'operation')}, sent {_times(count)}:"
    for hit in hits[:SHOWN_HITS]:
        yield f"    {_named(hit.operation, hit.name)}"
    if len(hits) > SHOWN_HITS:
        yield f"    and {len(hits) - SHOWN_HITS} more"


def _refused(operations: Iterable[Refused]) -> Iterator[str]:
    for refused in operations:
        yield f"  {_named(refused.operation, refused.name or '(no name)')}"
        for message in refused.messages:
            yield f"    {' '.join(message.split())}"


def _named(operation: RecordedOperation, name: str) -> str:
    clients = ", ".join(f"{client.label} ({_times(client.count)})" for client in operation.clients)
    return f"{name} {operation.digest[:12]} by {clients}"


def _verdict(checked: Checked) -> str:
    looked = (
        "" if checked.operations is None else f" {_many(checked.operations, 'recorded operation')} looked at."
    )
    if not checked.is_failed:
        return f"The check passes.{looked}"
    reasons = []
    if checked.failing:
        how_bad = "breaking" if checked.fail_on is Criticality.BREAKING else f"at least {checked.fail_on}"
        reasons.append(f"{_many(len(checked.failing), 'change')} {how_bad}")
    if checked.broken:
        reasons.append(f"{_many(len(checked.broken), 'operation')} refused")
    return f"The check fails: {', '.join(reasons)}.{looked}"


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def as_json(checked: Checked) -> dict[str, Any]:
    """The same as a JSON object."""
    return {
        "passes": not checked.is_failed,
        "failOn": checked.fail_on.value,
        "counts": {one.value: checked.count(one) for one in reversed(Criticality)},
        "changes": [_change_json(judged) for judged in checked.changes],
        "operations": None
        if checked.operations is None
        else {
            "lookedAt": checked.operations,
            "broken": [_refused_json(one) for one in checked.broken],
            "neverValid": [_refused_json(one) for one in checked.never_valid],
        },
    }


def _change_json(judged: Judged) -> dict[str, Any]:
    change = judged.change
    return {
        "kind": change.kind.value,
        "criticality": change.criticality.value,
        "isSafeByUsage": judged.is_safe_by_usage,
        "coordinate": change.coordinate,
        "old": change.old or None,
        "new": change.new or None,
        "subgraphs": list(change.subgraphs),
        "message": change.sentence,
        "why": change.why,
        "hits": [_operation_json(hit.operation, hit.name) for hit in judged.hits],
    }


def _refused_json(refused: Refused) -> dict[str, Any]:
    return {**_operation_json(refused.operation, refused.name), "messages": list(refused.messages)}


def _operation_json(operation: RecordedOperation, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": operation.digest,
        "count": operation.count,
        "clients": [
            {
                "name": client.name,
                "version": client.version,
                "count": client.count,
                "firstSeen": client.first_seen or None,
                "lastSeen": client.last_seen or None,
            }
            for client in operation.clients
        ],
    }
