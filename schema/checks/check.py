"""A schema check in one screen: compare → hold against recorded operations → judge."""

from collections.abc import Sequence
from dataclasses import dataclass

from schema.checks.change import Change
from schema.checks.compare import compare
from schema.checks.hits import Hit, Refused, Traffic, read_traffic
from schema.checks.kinds import Criticality, Reach
from schema.checks.recorded import RecordedOperation
from schema.checks.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A change and the recorded operations that it would hit.

    Safe by usage: it would hit somebody, but none of the recorded operations.
    """

    change: Change
    hits: tuple[Hit, ...] = ()
    is_safe_by_usage: bool = False

    @property
    def weight(self) -> Criticality:
        """How bad it is, all things considered."""
        return Criticality.SAFE if self.is_safe_by_usage else self.change.criticality


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found. `operations` is how many recorded ones were looked at, None without a record."""

    changes: tuple[Judged, ...]
    fail_on: Criticality
    operations: int | None = None
    broken: tuple[Refused, ...] = ()
    never_valid: tuple[Refused, ...] = ()

    @property
    def failing(self) -> tuple[Judged, ...]:
        """The changes that are as bad as may not be, or worse."""
        return tuple(one for one in self.changes if one.weight.weight >= self.fail_on.weight)

    @property
    def is_failed(self) -> bool:
        """Whether the new schema should not be used as it is."""
        return bool(self.failing or self.broken)

    def count(self, criticality: Criticality) -> int:
        """How many changes there are of one criticality, before usage is looked at."""
        return sum(one.change.criticality is criticality for one in self.changes)


def check(
    old: Side,
    new: Side,
    operations: Sequence[RecordedOperation] | None = None,
    *,
    fail_on: Criticality = Criticality.BREAKING,
) -> Checked:
    """Every change with whom it would hit; raises NotComparable if a side is no valid schema for clients."""
    changes = compare(old, new)
    if operations is None:
        return Checked(changes=tuple(Judged(change=change) for change in changes), fail_on=fail_on)
    traffic = read_traffic(operations, old.client_schema, new.client_schema)
    return Checked(
        changes=tuple(_judge(change, traffic) for change in changes),
        fail_on=fail_on,
        operations=len(traffic.hits),
        broken=traffic.broken,
        never_valid=traffic.never_valid,
    )


def _judge(change: Change, traffic: Traffic) -> Judged:
    """A change is safe by usage only if operations could have shown that somebody needs what changed."""
    if change.criticality is Criticality.SAFE:
        return Judged(change=change)
    hits = traffic.hit_by(change)
    is_measured = change.rule.reach is not Reach.UNMEASURED and bool(traffic.hits)
    return Judged(change=change, hits=hits, is_safe_by_usage=is_measured and not hits)
