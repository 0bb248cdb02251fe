"""What is counted, what is handed on, and that neither grows without bound nor tells secrets."""

import json
from dataclasses import replace

import pytest

from common.operations.documents import digest_of
from common.operations.usage import (
    BOUNDS_MS,
    OTHERS,
    UsageBatch,
    UsageRefused,
    read_usage,
    write_usage,
)
from router.usage.counting import Asked, UsageCounter
from router.usage.reporting import Reporting
from router.usage.totals import Label

NAMES = "query Names { names }"
ASKED = Asked("web", "1.2", NAMES, "Names", "query", True)
NOW = 1_900_000_000.0


class Sink:
    """Keeps batches; or is away."""

    def __init__(self) -> None:
        self.batches: list[UsageBatch] = []
        self.is_away = False

    async def report(self, batch: UsageBatch) -> None:
        if self.is_away:
            raise OSError("away")
        self.batches.append(batch)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def reporting(sink: Sink) -> Reporting:
    return Reporting(sink)


async def test_requests_are_summed_until_they_are_handed_on(sink: Sink, reporting: Reporting) -> None:
    for ms in (1.0, 5.0, 7.0, 20_000.0):
        reporting.counter.add(ASKED, ms, NOW + ms, has_errors=ms == 7.0)
    await reporting.hand_on()
    await reporting.hand_on()

    (batch,) = sink.batches
    (usage,) = batch.usages
    assert (usage.client, usage.version, usage.operation, usage.kind) == ("web", "1.2", "Names", "query")
    assert (usage.count, usage.errors, usage.duration_ms, usage.slowest_ms) == (4, 1, 20_013.0, 20_000.0)
    assert (usage.buckets[0], usage.buckets[1], usage.buckets[-1]) == (2, 1, 1)
    assert len(usage.buckets) == len(BOUNDS_MS) + 1
    assert usage.last_seen.timestamp() == NOW + 20_000.0
    assert batch.documents == {digest_of(NAMES): NAMES}


async def test_a_key_stands_for_what_was_asked_until_the_next_batch() -> None:
    counter = UsageCounter()
    assert not counter.add_known("key", 1.0, NOW, has_errors=False)
    counter.add(ASKED, 1.0, NOW, has_errors=False, key="key")
    counter.add(ASKED, 1.0, NOW, has_errors=False, key="another")
    assert counter.add_known("key", 2.0, NOW, has_errors=True)
    assert counter.add_known("another", 2.0, NOW, has_errors=False)

    tallies = counter.take()

    assert {asked: (tally.count, tally.errors) for asked, tally in tallies.items()} == {ASKED: (4, 1)}
    assert not counter.add_known("key", 1.0, NOW, has_errors=False)


async def test_a_text_is_sent_until_somebody_took_it_and_then_no_more(
    sink: Sink, reporting: Reporting
) -> None:
    sink.is_away = True
    reporting.counter.add(ASKED, 1.0, NOW, has_errors=False)
    await reporting.hand_on()
    assert reporting.lost == 1

    sink.is_away = False
    for _ in range(2):
        reporting.counter.add(ASKED, 1.0, NOW, has_errors=False)
        await reporting.hand_on()

    assert [list(batch.documents) for batch in sink.batches] == [[digest_of(NAMES)], []]
    assert [batch.usages[0].document for batch in sink.batches] == [digest_of(NAMES)] * 2


async def test_what_clients_wrote_into_their_own_texts_is_not_told(sink: Sink, reporting: Reporting) -> None:
    for secret in ("tom", "ann"):
        text = f'query Find {{ person(email: "{secret}@example.com") {{ id }} }}'
        asked = Asked("web", "", text, "Find", "query", False)
        reporting.counter.add(asked, 1.0, NOW, has_errors=False)
    await reporting.hand_on()

    (batch,) = sink.batches
    (usage,) = batch.usages
    assert usage.count == 2
    assert batch.documents[usage.document] == 'query Find { person ( email : "" ) { id } }'
    assert b"example" not in write_usage(batch)


async def test_names_that_cannot_be_are_counted_together(sink: Sink, reporting: Reporting) -> None:
    for asked in (
        ASKED._replace(client="x" * 1_000),
        ASKED._replace(version="x" * 1_000),
        ASKED._replace(operation="x" * 1_000),
    ):
        reporting.counter.add(asked, 1.0, NOW, has_errors=False)
    reporting.counter.add(ASKED._replace(client="\x00<script>", version="\n"), 1.0, NOW, has_errors=False)
    await reporting.hand_on()

    told = {(usage.client, usage.version, usage.count) for usage in sink.batches[0].usages}
    assert told == {(OTHERS, "", 3), (OTHERS, "", 1)}
    assert sink.batches[0].lost == 3


async def test_strangers_fill_no_memory(sink: Sink, reporting: Reporting) -> None:
    counter = UsageCounter(most=10, characters=10_000)
    for number in range(1_000):
        counter.add(ASKED._replace(client=f"c{number}"), 1.0, NOW, has_errors=False)
    for number in range(1_000):
        counter.add(ASKED._replace(text=f"{{ a{number} }} #" + "x" * 5_000), 1.0, NOW, has_errors=False)

    tallies = counter.take()

    assert len(tallies) == 11
    assert sum(tally.count for tally in tallies.values()) == 2_000
    assert counter.untold == 1_990
    assert counter.take() == {}


async def test_totals_have_labels_for_registered_names_only(reporting: Reporting) -> None:
    reporting.counter.add(ASKED, 1.0, NOW, has_errors=True)
    await reporting.hand_on()
    reporting.counter.add(ASKED, 1.0, NOW, has_errors=False)
    reporting.counter.add(ASKED._replace(client="made up", is_registered=False), 1.0, NOW, has_errors=False)

    totals = reporting.totals.with_these(reporting.counter.since())

    assert dict(totals.requests) == {("web", "Names"): 2, (OTHERS, OTHERS): 1}
    assert totals.errors[Label("web", "Names")] == 1


async def test_what_is_left_is_handed_on_at_the_end(sink: Sink, reporting: Reporting) -> None:
    await reporting.begin()
    reporting.counter.add(ASKED, 1.0, NOW, has_errors=False)
    await reporting.stop()

    assert len(sink.batches) == 1


async def test_a_batch_comes_through_json_as_it_was(sink: Sink, reporting: Reporting) -> None:
    reporting.counter.add(ASKED, 1.25, NOW, has_errors=False)
    await reporting.hand_on()

    assert read_usage(write_usage(sink.batches[0])) == sink.batches[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"count": -1},
        {"count": True},
        {"duration_ms": 1e300},
        {"duration_ms": "1"},
        {"buckets": [1]},
        {"client": "x" * 1_000},
        {"last_seen": "yesterday"},
        {"document": None},
    ],
)
async def test_a_hostile_batch_is_refused(
    sink: Sink, reporting: Reporting, changes: dict[str, object]
) -> None:
    reporting.counter.add(ASKED, 1.0, NOW, has_errors=False)
    await reporting.hand_on()
    whole = json.loads(write_usage(sink.batches[0]))
    whole["usages"][0] |= changes

    with pytest.raises(UsageRefused):
        read_usage(json.dumps(whole).encode())


async def test_a_text_under_another_digest_is_refused(sink: Sink, reporting: Reporting) -> None:
    reporting.counter.add(ASKED, 1.0, NOW, has_errors=False)
    await reporting.hand_on()
    poisoned = replace(sink.batches[0], documents={digest_of(NAMES): "{ other }"})

    with pytest.raises(UsageRefused):
        read_usage(write_usage(poisoned))
