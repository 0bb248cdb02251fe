"""Only a token signed with Ed25519 by a published key, for us and in time, is somebody's."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from common.access.principal import PrincipalKind
from router.access.tokens import TokenVerifier
from router.errors import TokenExpired, Unauthenticated
from router.settings import TokenSettings

NOW = 1_800_000_000.0
PERSON = UUID("018f2f6e-0000-7000-8000-000000000001")
ORGANISATION = UUID("018f2f6e-0000-7000-8000-000000000002")
SESSION = UUID("018f2f6e-0000-7000-8000-000000000003")
KEY = OKPKey.generate_key("Ed25519", {"kid": "k1"})
STRANGER = OKPKey.generate_key("Ed25519", {"kid": "k1"})
SETTINGS = TokenSettings(issuer="https://atrium.test", audience="atrium", leeway=5.0)
CLAIMS: dict[str, Any] = {
    "iss": "https://atrium.test",
    "aud": "atrium",
    "sub": str(PERSON),
    "org": str(ORGANISATION),
    "sid": str(SESSION),
    "scope": "applications:read applications:write",
    "iat": int(NOW) - 10,
    "exp": int(NOW) + 290,
}


class Keys:
    def __init__(self) -> None:
        self.asked = 0

    async def key(self, kid: str) -> OKPKey | None:
        self.asked += 1
        return KEY if kid == "k1" else None


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def signed(claims: dict[str, Any], key: OKPKey = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "Ed25519", "kid": "k1", **header}, claims, key, algorithms=["Ed25519"])


def verifier(keys: Keys | None = None, clock: Clock | None = None) -> TokenVerifier:
    return TokenVerifier(SETTINGS, keys or Keys(), clock=clock or Clock())


async def test_a_good_token_names_its_principal() -> None:
    verified = await verifier().verify(signed(CLAIMS))

    principal = verified.principal
    assert (principal.kind, principal.id, principal.organisation_id) == (
        PrincipalKind.USER,
        PERSON,
        ORGANISATION,
    )
    assert principal.session_id == SESSION
    assert principal.scopes == {"applications:read", "applications:write"}
    assert verified.expires_at == NOW + 290


async def test_a_token_is_checked_once_and_forgotten_when_it_expires() -> None:
    keys, clock = Keys(), Clock()
    tokens = verifier(keys, clock)
    token = signed(CLAIMS)
    await tokens.verify(token)
    await tokens.verify(token)
    assert keys.asked == 1

    clock.now = NOW + 296

    with pytest.raises(TokenExpired):
        await tokens.verify(token)


async def test_an_expired_token_says_so() -> None:
    with pytest.raises(TokenExpired) as refused:
        await verifier().verify(signed(CLAIMS | {"exp": int(NOW) - 6}))

    assert refused.value.code == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "claims",
    [
        CLAIMS | {"iss": "https://evil.test"},
        CLAIMS | {"aud": "somebody-else"},
        CLAIMS | {"aud": None},
        CLAIMS | {"iat": int(NOW) + 60},
        CLAIMS | {"nbf": "soon"},
        CLAIMS | {"sub": "not-a-uuid"},
        CLAIMS | {"sub": 7},
        CLAIMS | {"org": "x"},
        CLAIMS | {"scope": ["a"]},
        {name: value for name, value in CLAIMS.items() if name != "exp"},
        {name: value for name, value in CLAIMS.items() if name != "sub"},
    ],
)
async def test_wrong_claims_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        await verifier().verify(signed(claims))


def _segment(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


GOOD = signed(CLAIMS)
UNSIGNED = f"{_segment({'alg': 'none', 'kid': 'k1'})}.{_segment(CLAIMS)}."
SYMMETRIC = jwt.encode(
    {"alg": "HS256", "kid": "k1"},
    CLAIMS,
    OctKey.import_key(str(KEY.as_dict(private=False)["x"])),
    algorithms=["HS256"],
)


@pytest.mark.parametrize(
    "token",
    [
        signed(CLAIMS, STRANGER),
        signed(CLAIMS, kid="unknown"),
        signed(CLAIMS, typ="atrium-identity+jwt"),
        UNSIGNED,
        SYMMETRIC,
        GOOD[:-4] + "AAAA",
        GOOD.rpartition(".")[0],
        GOOD.replace(".", "", 1),
        "a.b.c",
        "....",
        "",
        "\ud800",
        "é.b.c",
        _segment(["alg"]) + ".b.c",
        GOOD + "x" * 9_000,
    ],
    ids=range(15),
)
async def test_forged_and_broken_tokens_are_refused(token: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await verifier().verify(token)

    assert refused.value.code == "UNAUTHENTICATED"
