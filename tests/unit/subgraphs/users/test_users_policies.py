"""Who may do what with people: every policy, also as properties over all kinds of callers."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from subgraphs.users import policies
from subgraphs.users.policies import PERMISSIONS, SYSTEM_ROLES

HERE, ELSEWHERE, ME, OTHER = (UUID(int=n) for n in range(1, 5))
names = st.frozensets(st.sampled_from(sorted(PERMISSIONS)))
principals = st.builds(
    Principal,
    kind=st.sampled_from(PrincipalKind),
    id=st.sampled_from([None, ME]),
    organisation_id=st.sampled_from([None, HERE]),
    scopes=names,
)


def person(*scopes: str, organisation_id: UUID | None = HERE) -> Principal:
    return Principal(
        kind=PrincipalKind.USER, id=ME, organisation_id=organisation_id, scopes=frozenset(scopes)
    )


def test_one_reads_oneself_and_with_permission_others() -> None:
    assert policies.may_read_user(person(), ME)
    assert not policies.may_read_user(person(), OTHER)
    assert policies.may_read_user(person("users:read"), OTHER)
    assert not policies.may_read_user(person("users:read", organisation_id=None), OTHER)
    assert not policies.may_read_user(ANONYMOUS, ME)


def test_an_application_with_my_id_is_not_me() -> None:
    application = Principal(kind=PrincipalKind.APPLICATION, id=ME, organisation_id=HERE)

    assert not policies.is_self(application, ME)
    assert not policies.may_read_user(application, ME)


def test_nobody_suspends_themselves_or_somebody_of_another_organisation() -> None:
    admin = person(*SYSTEM_ROLES["admin"])
    weak = SYSTEM_ROLES["viewer"]

    assert policies.may_suspend_user(admin, OTHER, permissions=weak, belongs_elsewhere=False)
    assert not policies.may_suspend_user(admin, ME, permissions=weak, belongs_elsewhere=False)
    assert not policies.may_suspend_user(admin, OTHER, permissions=weak, belongs_elsewhere=True)
    assert not policies.may_suspend_user(
        admin, OTHER, permissions=SYSTEM_ROLES["owner"], belongs_elsewhere=False
    )


@given(principal=principals, held=names, wanted=names)
def test_nobody_ever_grants_or_takes_more_than_they_hold(
    principal: Principal, held: frozenset[str], wanted: frozenset[str]
) -> None:
    may_set = policies.may_set_role(principal, HERE, held=held, wanted=wanted)
    may_change = policies.may_change_role(principal, HERE, held=held, wanted=wanted)

    if may_set or may_change:
        assert held | wanted <= principal.scopes


@given(principal=principals, held=names)
def test_nothing_is_allowed_in_an_organisation_one_does_not_act_in(
    principal: Principal, held: frozenset[str]
) -> None:
    assert not policies.may_read_in(principal, ELSEWHERE)
    assert not policies.may_set_role(principal, ELSEWHERE, held=held, wanted=held)
    assert not policies.may_change_role(principal, ELSEWHERE, held=held, wanted=held)
    assert not policies.may_remove_member(principal, ELSEWHERE, OTHER, held=held)
    assert not policies.may_read_membership(principal, ELSEWHERE, OTHER)


@given(scopes=names, held=names)
def test_strangers_may_nothing(scopes: frozenset[str], held: frozenset[str]) -> None:
    stranger = Principal(kind=PrincipalKind.ANONYMOUS, id=ME, organisation_id=HERE, scopes=scopes)

    assert not policies.may(stranger, "users:read")
    assert not policies.may_read_user(stranger, ME)
    assert not policies.may_set_role(stranger, HERE, held=held, wanted=held)
    assert not policies.may_suspend_user(stranger, OTHER, permissions=held, belongs_elsewhere=False)
    assert not policies.may_remove_member(stranger, HERE, ME, held=held)


def test_system_roles_are_not_changed_by_anybody() -> None:
    owner = person(*SYSTEM_ROLES["owner"])

    assert policies.may_change_role(owner, HERE, held=frozenset(), wanted=frozenset())
    assert not policies.may_change_role(owner, None, held=frozenset(), wanted=frozenset())


@pytest.mark.parametrize("role", SYSTEM_ROLES)
def test_system_roles_permit_registered_things_only_and_shrink(role: str) -> None:
    order = list(SYSTEM_ROLES)
    weaker = order[order.index(role) + 1 :]

    assert SYSTEM_ROLES[role] <= PERMISSIONS.keys()
    assert all(SYSTEM_ROLES[other] < SYSTEM_ROLES[role] for other in weaker)


def test_everybody_may_leave() -> None:
    assert policies.may_remove_member(person(), HERE, ME, held=SYSTEM_ROLES["owner"])
    assert not policies.may_remove_member(person("members:write"), HERE, OTHER, held=SYSTEM_ROLES["owner"])
