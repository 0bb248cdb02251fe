"""Credentials behind open connections."""

import asyncio
from time import time
from uuid import uuid4

from common.access.principal import Principal, PrincipalKind
from router.access.credentials import RememberedCredentials
from router.access.identity import Caller, Door
from router.access.revocation import Revocations
from router.errors import ClientError, CredentialsUnchecked, Forbidden, TokenExpired
from router.http.vigil import Vigils

OWNER = Principal(kind=PrincipalKind.APPLICATION, id=uuid4(), key_id=uuid4())
KEY = {"x-api-key": "atr_key", "accept": "*/*"}


class Auth:
    """Knows one key, unless it is away."""

    def __init__(self) -> None:
        self.principal: Principal | None = OWNER
        self.is_away = False
        self.asked = 0

    async def verify(self, key: str) -> Principal | None:
        self.asked += 1
        if self.is_away:
            raise CredentialsUnchecked("away")
        return self.principal


def door(auth: Auth) -> Door:
    credentials = RememberedCredentials(auth, size=10)
    return Door(credentials=credentials, revocations=Revocations(credentials))


async def until(reasons: list[ClientError]) -> ClientError:
    async with asyncio.timeout(10):
        while not reasons:
            await asyncio.sleep(0.001)
    return reasons[0]


async def test_an_expired_token_ends_it() -> None:
    reasons: list[ClientError] = []
    person = Principal(kind=PrincipalKind.USER, id=uuid4(), session_id=uuid4())
    Vigils(Door()).keep(Caller(principal=person, expires_at=time() + 0.01), {}, reasons.append)

    assert isinstance(await until(reasons), TokenExpired)


async def test_a_key_that_was_revoked_in_silence_is_found_out() -> None:
    auth, reasons = Auth(), list[ClientError]()
    guarded = door(auth)
    vigil = Vigils(guarded, 0.02).keep(Caller(principal=OWNER), KEY, reasons.append)
    async with asyncio.timeout(10):
        while auth.asked < 1:
            await asyncio.sleep(0.001)
    assert reasons == []

    auth.is_away = True
    guarded.revocations.distrust_all_keys()
    async with asyncio.timeout(10):
        while auth.asked < 3:
            await asyncio.sleep(0.001)
    assert reasons == []

    auth.is_away, auth.principal = False, None
    guarded.revocations.distrust_all_keys()
    assert isinstance(await until(reasons), Forbidden)
    vigil.stop()


async def test_nothing_is_watched_over_after_its_end() -> None:
    auth, reasons = Auth(), list[ClientError]()
    guarded = door(auth)
    vigil = Vigils(guarded, 3600.0).keep(
        Caller(principal=OWNER, expires_at=time() + 3600), KEY, reasons.append
    )

    vigil.stop()
    assert OWNER.key_id is not None
    guarded.revocations.revoke_key(OWNER.key_id)

    assert reasons == []
