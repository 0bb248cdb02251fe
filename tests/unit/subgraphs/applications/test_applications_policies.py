"""Who may do what with applications, over all kinds of callers."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.access.principal import Principal, PrincipalKind
from subgraphs.applications.policies import may_read_in, may_write_in

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
principals = st.builds(
    Principal,
    kind=st.sampled_from(PrincipalKind),
    id=st.sampled_from([None, UUID(int=3)]),
    organisation_id=st.sampled_from([None, HERE]),
    scopes=st.frozensets(st.sampled_from(["applications:read", "applications:write", "users:read"])),
)


@given(principal=principals)
def test_one_reads_and_writes_where_one_acts_and_with_the_scope_alone(principal: Principal) -> None:
    acts_here = principal.organisation_id == HERE and principal.kind is not PrincipalKind.ANONYMOUS

    assert may_read_in(principal, HERE) == (acts_here and "applications:read" in principal.scopes)
    assert may_write_in(principal, HERE) == (acts_here and "applications:write" in principal.scopes)
    assert not may_read_in(principal, ELSEWHERE)
    assert not may_write_in(principal, ELSEWHERE)
