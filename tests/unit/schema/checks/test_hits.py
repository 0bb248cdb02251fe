"""Recorded operations from anywhere: hostile ones neither crash a check nor make it say too much."""

import time

import pytest

from schema.checks.check import Checked, check
from schema.checks.kinds import Criticality
from schema.checks.recorded import Client, RecordedOperation, read_operations
from schema.checks.side import read_side

OLD = "type Query { a: Query b: Int }"
NEW = "type Query { a: Query }"


def checked(
    *texts: str, old: str = OLD, new: str = NEW, fail_on: Criticality = Criticality.BREAKING
) -> Checked:
    recorded = [RecordedOperation(text=text, name="", clients=(Client(),)) for text in texts]
    return check(read_side(old, "old"), read_side(new, "new"), recorded, fail_on=fail_on)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "\x00",
        "\ud800",
        "type Query { a: Int }",
        "fragment F on Query { b }",
        "query A { b } query B { b }",
        "{ ...F } fragment F on Query { ...F }",
        "{ " + "a { " * 5_000 + "b" + " }" * 5_000 + " }",
        "{ " + " ".join(f"x{number}: b" for number in range(60_000)) + " }",
        "subscription { b }",
        "query ($x: Missing) { b }",
        "{ ...F0 } "
        + " ".join(f"fragment F{one} on Query {{ a {{ ...F{one + 1} }} }}" for one in range(3_000))
        + " fragment F3000 on Query { b }",
    ],
    ids=range(13),
)
def test_what_never_was_valid_says_nothing(text: str) -> None:
    found = checked(text)

    assert found.operations == 0
    assert len(found.never_valid) == 1
    assert found.broken == ()
    assert found.is_failed
    assert not any(one.is_safe_by_usage for one in found.changes)


def test_one_valid_operation_among_others_is_enough_to_judge_by() -> None:
    found = checked("{", "{ a { __typename } }")

    assert found.operations == 1
    assert [one.is_safe_by_usage for one in found.changes] == [True]
    assert not found.is_failed


@pytest.mark.parametrize(
    "text",
    [
        "{ " + "b " * 20_000 + "}",
        "{ " + "a { b } " * 10_000 + "}",
        "{ " + "...F " * 10_000 + "} fragment F on Query { b }",
        "{ " + "... { b } " * 8_000 + "}",
        "{ ...F0 } "
        + " ".join(f"fragment F{one} on Query {{ ...F{one + 1} ...F{one + 1} }}" for one in range(60))
        + " fragment F60 on Query { b }",
    ],
    ids=["fields", "objects", "fragments", "inline", "doubling"],
)
def test_one_field_a_thousand_times_takes_no_minutes(text: str) -> None:
    begin = time.process_time()

    found = checked(text)

    assert len(found.broken) == 1
    assert [len(one.hits) for one in found.changes] == [1]
    assert time.process_time() - begin < 10


def test_safe_by_usage_holds_for_dangerous_changes_as_well() -> None:
    old, new = "type Query { a(x: Int = 1): Int }", "type Query { a(x: Int = 2): Int }"

    given = checked("{ a(x: 3) }", old=old, new=new, fail_on=Criticality.DANGEROUS)
    omitted = checked("{ a }", old=old, new=new, fail_on=Criticality.DANGEROUS)

    assert (given.is_failed, omitted.is_failed) == (False, True)


def test_an_operation_sent_by_many_is_looked_at_once() -> None:
    lines = "\n".join(
        f'{{"document": "{{ b }}", "client": {{"name": "{name}"}}, "count": {count}, "lastSeen": "{seen}"}}'
        for name, count, seen in (("web", 1, "2026-01-02"), ("web", 2, "2026-01-01"), ("ios", 4, ""))
    )

    [operation] = read_operations(lines)

    assert operation.count == 7
    assert [(client.label, client.count, client.last_seen) for client in operation.clients] == [
        ("web", 3, "2026-01-02"),
        ("ios", 4, ""),
    ]


def test_ten_thousand_fields_are_compared_in_seconds() -> None:
    fields = " ".join(f'"About {number}." f{number}(first: Int = 1): String' for number in range(10))
    sdl = "type Query { t: T0 }\n" + "\n".join(f"type T{number} {{ {fields} }}" for number in range(1_000))
    begin = time.process_time()

    old, new = read_side(sdl, "old"), read_side(sdl.replace("= 1): String", "= 2): String!"), "new")
    found = check(old, new)

    assert len(found.changes) == 20_000
    assert time.process_time() - begin < 8  # 2 s on a quiet machine, 20 000 changes included
