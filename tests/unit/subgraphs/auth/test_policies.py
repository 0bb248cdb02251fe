"""Who may see and end sessions, who may see and manage keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from subgraphs.auth.policies import (
    may_end_session,
    may_list_sessions_of,
    may_manage_keys,
    may_see_keys,
    may_see_session,
    scopes_not_held,
)

ADA, BEN = UUID(int=1), UUID(int=2)
HERE, ELSEWHERE = UUID(int=10), UUID(int=11)
APP, OTHER_APP = UUID(int=20), UUID(int=21)


@dataclass(frozen=True)
class Row:
    user_id: UUID
    organization_ids: Iterable[UUID]


def person(id: UUID, organisation: UUID | None, *scopes: str) -> Principal:
    return Principal(kind=PrincipalKind.USER, id=id, organisation_id=organisation, scopes=frozenset(scopes))


def application(id: UUID, organisation: UUID, *scopes: str) -> Principal:
    return Principal(
        kind=PrincipalKind.APPLICATION, id=id, organisation_id=organisation, scopes=frozenset(scopes)
    )


ADAS = Row(ADA, (HERE,))


@pytest.mark.parametrize(
    ("who", "sees", "ends"),
    [
        (person(ADA, None), True, True),
        (person(ADA, ELSEWHERE), True, True),
        (person(BEN, HERE), False, False),
        (person(BEN, HERE, "sessions:read"), True, False),
        (person(BEN, HERE, "sessions:write"), False, True),
        (person(BEN, HERE, "sessions:read", "sessions:write"), True, True),
        (person(BEN, ELSEWHERE, "sessions:read", "sessions:write"), False, False),
        (person(BEN, None, "sessions:read", "sessions:write"), False, False),
        (application(ADA, ELSEWHERE), False, False),  # the same number, but no person
        (application(APP, HERE, "sessions:read"), True, False),
        (ANONYMOUS, False, False),
    ],
)
def test_sessions(who: Principal, sees: bool, ends: bool) -> None:
    assert (may_see_session(who, ADAS), may_end_session(who, ADAS)) == (sees, ends)


def test_listing_somebody_elses_sessions_needs_the_scope() -> None:
    assert may_list_sessions_of(person(ADA, HERE), ADA)
    assert may_list_sessions_of(person(BEN, HERE, "sessions:read"), ADA)
    assert not may_list_sessions_of(person(BEN, HERE), ADA)
    assert not may_list_sessions_of(ANONYMOUS, ADA)


@pytest.mark.parametrize(
    ("who", "sees", "manages"),
    [
        (person(ADA, HERE), False, False),
        (person(ADA, HERE, "keys:read"), True, False),
        (person(ADA, HERE, "keys:write"), False, True),
        (person(ADA, ELSEWHERE, "keys:read", "keys:write"), False, False),
        (application(APP, HERE, "keys:read", "keys:write"), True, True),
        (application(OTHER_APP, HERE, "keys:read", "keys:write"), False, False),
        (application(APP, ELSEWHERE, "keys:read", "keys:write"), False, False),
        (ANONYMOUS, False, False),
    ],
)
def test_keys(who: Principal, sees: bool, manages: bool) -> None:
    assert (may_see_keys(who, HERE, APP), may_manage_keys(who, HERE, APP)) == (sees, manages)


def test_nobody_gives_what_they_do_not_have() -> None:
    who = person(ADA, HERE, "keys:write", "applications:read")

    assert scopes_not_held(who, ["applications:read", "keys:write"]) == ()
    assert scopes_not_held(who, ["users:write", "keys:write", "keys:read"]) == ("keys:read", "users:write")
