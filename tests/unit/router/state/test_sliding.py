"""Sliding windows of two cells: never more than the limit, all or nothing, and the promised time to retry."""

from hypothesis import given
from hypothesis import strategies as st

from router.state.counters import Ask
from router.state.sliding import Cells, taken

WINDOW = 1_000


def ask(need: int, *, limit: int = 100, want: int | None = None, given_back: int = 0, of: int = 0) -> Ask:
    return Ask(
        key="k",
        limit=limit,
        window=WINDOW,
        need=need,
        want=need if want is None else want,
        given_back=given_back,
        given_back_in=of,
    )


def test_what_the_window_before_took_fades_with_the_time() -> None:
    cells = Cells(index=0, current=100)

    (early,) = taken([cells], [ask(1)], 1_000)
    (later,) = taken([cells], [ask(30)], 1_300)

    assert early.is_short
    assert early.free == 0
    assert not later.is_short
    assert later.free == 0


def test_a_limit_that_is_short_takes_nothing_from_the_others() -> None:
    rich, poor = Cells(index=0), Cells(index=0, current=100)

    parts = taken([rich, poor], [ask(5), ask(1)], 0)

    assert [part.units for part in parts] == [0, 0]
    assert [part.is_short for part in parts] == [False, True]
    assert parts[0].free == 100
    assert rich.current == 0


def test_nobody_gets_more_in_advance_than_a_share_of_what_is_free() -> None:
    (part,) = taken([Cells(index=0)], [ask(1, want=50)], 0)

    assert part.units == 12


def test_units_are_given_back_to_the_window_they_were_taken_in() -> None:
    cells = Cells(index=3, current=100)

    (part,) = taken([cells], [ask(10, given_back=50, of=3)], 4_000)

    assert not part.is_short
    assert part.free == 40
    assert cells == Cells(index=4, current=10, previous=50)


def test_more_than_the_whole_limit_is_never_there() -> None:
    (part,) = taken([Cells(index=0)], [ask(101)], 0)

    assert part.is_short
    assert part.retry_in is None


def test_a_clock_that_goes_back_gives_nothing_anew() -> None:
    cells = Cells(index=5, current=100)

    (part,) = taken([cells], [ask(1)], 4_500)

    assert part.is_short
    assert part.index == 5


@given(
    steps=st.lists(st.tuples(st.integers(0, 1_500), st.integers(0, 12), st.integers(0, 40)), max_size=60),
    limit=st.integers(1, 50),
)
def test_any_window_holds_at_most_the_limit(steps: list[tuple[int, int, int]], limit: int) -> None:
    cells, now, by_cell = Cells(index=0), 0, dict[int, int]()
    for wait, need, want in steps:
        now += wait
        (part,) = taken([cells], [ask(need, limit=limit, want=max(need, want))], now)
        by_cell[now // WINDOW] = by_cell.get(now // WINDOW, 0) + part.units
        before = by_cell.get(now // WINDOW - 1, 0) * (WINDOW - now % WINDOW) / WINDOW

        assert part.units >= need or part.is_short
        assert part.units == 0 or by_cell[now // WINDOW] + before <= limit


@given(
    previous=st.integers(0, 50),
    current=st.integers(0, 50),
    at=st.integers(0, WINDOW - 1),
    need=st.integers(1, 50),
)
def test_what_was_refused_is_there_when_it_was_promised_and_not_before(
    previous: int, current: int, at: int, need: int
) -> None:
    def asked(now: int) -> tuple[bool, int | None]:
        cells = Cells(index=7, current=current, previous=previous)
        (part,) = taken([cells], [ask(need, limit=50)], now)
        return part.is_short, part.retry_in

    begun = 7 * WINDOW + at
    is_short, retry_in = asked(begun)
    if is_short:
        assert retry_in is not None
        assert retry_in > 0
        assert not asked(begun + retry_in)[0]
        assert asked(begun + retry_in - 2)[0]
