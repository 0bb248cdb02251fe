"""Limits as people write them, and policies as routers read them."""

from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.limits.ip_rules import IpAction, IpRule, network_of
from common.limits.policies import PoliciesOf, policies_from_json, policies_to_json
from common.limits.rate_limits import (
    Counting,
    LimitBy,
    LimitRefused,
    LimitUnit,
    RateLimit,
    WhenAway,
    rate_limits_in,
)
from common.setting_kinds import DoesNotFit


def test_limits_in_words() -> None:
    short, long = rate_limits_in(
        "per-ip=100/60s by ip; reports=10/h by user+operation exact closed cost on Mutation.report+Report"
    )

    assert short == RateLimit(name="per-ip", limit=100, window=60, by=(LimitBy.IP,))
    assert long == RateLimit(
        name="reports",
        limit=10,
        window=3_600,
        by=(LimitBy.USER, LimitBy.OPERATION),
        unit=LimitUnit.COST,
        counting=Counting.EXACT,
        when_away=WhenAway.CLOSED,
        operations=("Mutation.report", "Report"),
    )


def test_limits_as_records() -> None:
    text = '[{"name": "a", "limit": 5, "window": 2, "by": ["key"], "counting": "exact", "when_away": "open"}]'

    assert rate_limits_in(text) == (
        RateLimit(
            name="a",
            limit=5,
            window=2,
            by=(LimitBy.KEY,),
            counting=Counting.EXACT,
            when_away=WhenAway.OPEN,
        ),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a", "written as name=100/60s"),
        ("a=1/60", "written as name=100/60s"),
        ("a=0/1s", "has to be from 1"),
        ("a=1/0s", "The window"),
        ("a=1/99d", "The window"),
        ("A=1/1s", "A limit's name"),
        ("a=1/1s by moon", "counted by ip, key"),
        ("a=1/1s by", "counted by ip, key"),
        ("a=1/1s sometimes", "a word that is not known"),
        ("a=1/1s; a=2/1s", "two limits with the name 'a'"),
        ("a=1/1s on x-y", "neither an operation's name"),
        ('[{"name": "a", "limit": 1, "windows": 1}]', "did you mean 'window'"),
        ('[{"name": "a", "limit": 1, "window": 1, "by": ["ip", "ip"]}]', "counted twice"),
    ],
)
def test_what_is_no_limit_says_why(text: str, reason: str) -> None:
    with pytest.raises(DoesNotFit, match=reason):
        rate_limits_in(text)


def test_cost_is_refused_and_requests_pass_while_nobody_counts_unless_said_otherwise() -> None:
    limits = rate_limits_in("a=1/1s; b=1/1s cost; c=1/1s closed; d=1/1s cost open")

    assert [limit.passes_when_away for limit in limits] == [True, False, False, True]


def test_policies_come_back_as_they_were() -> None:
    key = uuid4()
    policies = (
        PoliciesOf(rate_limits=rate_limits_in("a=100/60s by ip+operation exact open on Query.x")),
        PoliciesOf(
            organisation_id=uuid4(),
            rate_limits=(RateLimit(name="b", limit=1, window=1, key_id=key),),
            ip_rules=(
                IpRule(network=network_of("10.0.0.0/8"), action=IpAction.ALLOW),
                IpRule(network=network_of("2001:db8::/32"), action=IpAction.DENY, key_id=key),
            ),
        ),
    )

    assert policies_from_json(policies_to_json(policies)) == policies


@pytest.mark.parametrize(
    "change",
    [
        lambda whole: whole | {"format": 2},
        lambda whole: whole | {"policies": None},
        lambda whole: {"format": 1, "policies": [whole["policies"][0] | {"moreRules": []}]},
        lambda whole: {"format": 1, "policies": [whole["policies"][0] | {"ipRules": [{"network": "x"}]}]},
        lambda whole: {"format": 1, "policies": [{"organization": None}]},
        lambda whole: [],
    ],
)
def test_policies_that_are_not_understood_are_refused_whole(change: object) -> None:
    whole = orjson.loads(policies_to_json((PoliciesOf(rate_limits=rate_limits_in("a=1/1s")),)))
    assert callable(change)

    with pytest.raises(LimitRefused):
        policies_from_json(orjson.dumps(change(whole)))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(text: bytes) -> None:
    with pytest.raises(LimitRefused):
        policies_from_json(text)
