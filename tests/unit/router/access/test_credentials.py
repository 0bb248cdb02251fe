"""API keys: asked for once, remembered shortly, forgotten at once when revoked."""

import asyncio
from uuid import UUID, uuid4

import pytest

from common.access.principal import Principal, PrincipalKind
from router.access.credentials import InProcessCredentials, RememberedCredentials, read_principal
from router.errors import CredentialsUnchecked

KEY_ID = UUID("018f2f6e-0000-7000-8000-00000000000a")
OWNER = Principal(kind=PrincipalKind.APPLICATION, id=uuid4(), key_id=KEY_ID)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Auth:
    """Knows one key."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.is_revoked = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def verify(self, credential: str) -> Principal | None:
        self.asked += 1
        known = OWNER if credential == "atr_good" and not self.is_revoked else None
        await self.may_answer.wait()
        if self.is_away:
            raise CredentialsUnchecked("away")
        return known


async def test_an_answer_is_remembered_a_no_included() -> None:
    auth = Auth()
    credentials = RememberedCredentials(auth, clock=Clock())

    for _ in range(3):
        assert await credentials.verify("atr_good") is OWNER
        assert await credentials.verify("atr_bad") is None

    assert auth.asked == 2


async def test_it_is_forgotten_after_five_seconds() -> None:
    auth, clock = Auth(), Clock()
    credentials = RememberedCredentials(auth, clock=clock)
    await credentials.verify("atr_good")
    auth.is_revoked = True
    clock.now += 4.9
    assert await credentials.verify("atr_good") is OWNER

    clock.now += 0.2

    assert await credentials.verify("atr_good") is None


async def test_a_revoked_key_is_asked_for_at_once() -> None:
    auth = Auth()
    credentials = RememberedCredentials(auth, clock=Clock())
    await credentials.verify("atr_good")
    auth.is_revoked = True

    credentials.drop_key(KEY_ID)

    assert await credentials.verify("atr_good") is None


async def test_simultaneous_requests_ask_once() -> None:
    auth = Auth()
    credentials = RememberedCredentials(auth, clock=Clock())
    auth.may_answer.clear()
    waiting = [asyncio.create_task(credentials.verify("atr_good")) for _ in range(20)]
    await asyncio.sleep(0)

    auth.may_answer.set()

    assert await asyncio.gather(*waiting) == [OWNER] * 20
    assert auth.asked == 1


async def test_a_revocation_during_the_question_is_not_lost() -> None:
    auth = Auth()
    credentials = RememberedCredentials(auth, clock=Clock())
    auth.may_answer.clear()
    waiting = asyncio.create_task(credentials.verify("atr_good"))
    while auth.asked == 0:
        await asyncio.sleep(0)

    auth.is_revoked = True
    credentials.drop_key(KEY_ID)
    auth.may_answer.set()

    assert await waiting is None


async def test_a_failure_is_not_remembered_and_what_is_remembered_lives_to_its_end() -> None:
    auth, clock = Auth(), Clock()
    credentials = RememberedCredentials(auth, clock=clock)
    await credentials.verify("atr_good")
    auth.is_away = True
    assert await credentials.verify("atr_good") is OWNER
    clock.now += 6.0
    with pytest.raises(CredentialsUnchecked):
        await credentials.verify("atr_good")

    auth.is_away = False

    assert await credentials.verify("atr_good") is OWNER


async def test_whatever_breaks_in_process_the_key_was_not_checked() -> None:
    async def broken(credential: str) -> Principal | None:
        raise ZeroDivisionError

    with pytest.raises(CredentialsUnchecked):
        await InProcessCredentials(broken).verify("atr_x")


def test_a_principal_is_read_from_what_auth_writes() -> None:
    payload = {
        "kind": "application",
        "id": str(OWNER.id),
        "organisation_id": None,
        "scopes": ["a"],
        "key_id": str(KEY_ID),
    }

    assert read_principal(payload) == Principal(
        kind=PrincipalKind.APPLICATION, id=OWNER.id, scopes=frozenset({"a"}), key_id=KEY_ID
    )
