"""Headers decide who is asking; a wrong credential is never the same as none."""

from uuid import uuid4

import pytest

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from router.access.credentials import RememberedCredentials
from router.access.identity import NOBODY, Door
from router.access.revocation import Revocations
from router.errors import Unauthenticated

OWNER = Principal(kind=PrincipalKind.APPLICATION, id=uuid4())


class OneKey:
    async def verify(self, credential: str) -> Principal | None:
        return OWNER if credential == "atr_good" else None


@pytest.fixture
def door() -> Door:
    return Door(credentials=RememberedCredentials(OneKey()))


@pytest.mark.parametrize(
    "headers",
    [{"x-api-key": "atr_good"}, {"authorization": "Bearer atr_good"}, {"authorization": "bearer  atr_good "}],
)
async def test_an_api_key_is_taken_from_either_header(door: Door, headers: dict[str, str]) -> None:
    assert door.known(headers) is None  # nobody has asked yet
    assert (await door.identify(headers)).principal is OWNER
    known = door.known(headers)
    assert known is not None
    assert known.principal is OWNER


async def test_nobody_is_anonymous(door: Door) -> None:
    assert (await door.identify({})).principal is ANONYMOUS


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": "atr_bad"},
        {"x-api-key": ""},
        {"x-api-key": "atr_" + "x" * 1_000},
        {"authorization": "Bearer atr_bad"},
        {"authorization": "Bearer"},
        {"authorization": ""},
        {"authorization": "Basic dTpw"},
        {"authorization": "Bearer a.b.c"},
        {"authorization": "Bearer atr_good", "x-api-key": "atr_good"},
    ],
)
async def test_a_wrong_credential_is_refused(door: Door, headers: dict[str, str]) -> None:
    await door.identify({"x-api-key": "atr_good"})
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await door.identify(headers)
        assert door.known(headers) is None


async def test_a_router_without_verifiers_leaves_credentials_to_its_subgraphs() -> None:
    headers = {"authorization": "Bearer x"}
    assert (await Door().identify(headers)).principal is ANONYMOUS
    assert Door().known(headers) is NOBODY


def test_revoked_sessions_are_forgotten_when_their_tokens_have_expired() -> None:
    now = [0.0]
    revocations = Revocations(lifetime=900.0, clock=lambda: now[0])
    first, second = (Principal(kind=PrincipalKind.USER, session_id=uuid4()) for _ in range(2))
    assert first.session_id is not None
    assert second.session_id is not None

    revocations.revoke_session(first.session_id)
    assert revocations.is_revoked(first)
    assert not revocations.is_revoked(second)
    now[0] = 901.0
    revocations.revoke_session(second.session_id)

    assert not revocations.is_revoked(first)
    assert revocations.is_revoked(second)
    assert not revocations.is_revoked(ANONYMOUS)
