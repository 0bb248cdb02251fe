"""A program that is surprised again and again is left alone for a while, and tried again."""

from router.compiled.trust import IN_A_ROW, REST, Trust


def surprised(trust: Trust, times: int) -> None:
    for _ in range(times):
        trust.was_surprised()


def test_a_few_surprises_are_forgiven() -> None:
    trust = Trust()

    surprised(trust, IN_A_ROW - 1)

    assert trust.may_run()


def test_many_in_a_row_are_followed_by_a_rest() -> None:
    trust = Trust()

    surprised(trust, IN_A_ROW)

    assert [trust.may_run() for _ in range(REST + 1)] == [False] * REST + [True]


def test_after_a_rest_one_more_surprise_is_enough() -> None:
    trust = Trust()
    surprised(trust, IN_A_ROW)
    rest = [trust.may_run() for _ in range(REST)]

    surprised(trust, 1)

    assert not any(rest)
    assert not trust.may_run()


def test_one_that_went_well_begins_anew() -> None:
    trust = Trust()
    surprised(trust, IN_A_ROW - 1)

    trust.went_well()
    surprised(trust, IN_A_ROW - 1)

    assert trust.may_run()
