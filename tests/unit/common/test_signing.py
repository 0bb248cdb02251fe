"""The signed identity: what the router vouches for arrives; everything else is refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from common.access.principal import ANONYMOUS, Principal, PrincipalKind
from common.access.signing import (
    IdentityRefused,
    IdentitySigner,
    IdentityVerifier,
    generate_key,
    key_id,
    private_key_from_text,
    private_key_to_text,
    public_key_from_text,
    public_key_to_text,
)
from common.ids import uuid7

KEY, OTHER_KEY = generate_key(), generate_key()
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
BODY = b'{"query":"{ a }"}'
USER = Principal(
    kind=PrincipalKind.USER,
    id=uuid7(),
    organisation_id=uuid7(),
    scopes=frozenset({"users:read", "users:write"}),
    session_id=uuid7(),
)
APPLICATION = Principal(kind=PrincipalKind.APPLICATION, id=uuid7(), organisation_id=uuid7(), key_id=uuid7())
VERIFIER = IdentityVerifier([KEY.public_key(), OTHER_KEY.public_key()], audience="users")


def token(
    principal: Principal = USER,
    *,
    audience: str = "users",
    body: bytes = BODY,
    now: datetime = NOW,
    lifetime: timedelta = timedelta(seconds=60),
) -> str:
    """What the router sends."""
    return IdentitySigner(KEY).sign(
        principal,
        audience=audience,
        body=body,
        request_id="request-1",
        now=now,
        client_address="192.0.2.1",
        user_agent="curl/8",
        lifetime=lifetime,
    )


@pytest.mark.parametrize("principal", [USER, APPLICATION, ANONYMOUS])
def test_the_identity_arrives_whole(principal: Principal) -> None:
    identity = VERIFIER.verify(token(principal), BODY, NOW)

    assert identity.principal == principal
    assert (identity.client_address, identity.user_agent, identity.request_id) == (
        "192.0.2.1",
        "curl/8",
        "request-1",
    )


def test_a_second_key_of_the_router_is_as_good() -> None:
    signed = IdentitySigner(OTHER_KEY).sign(USER, audience="users", body=BODY, request_id="r", now=NOW)

    assert VERIFIER.verify(signed, BODY, NOW).principal == USER


@pytest.mark.parametrize(
    ("signed", "body", "now"),
    [
        (token(), BODY + b" ", NOW),
        (token(), b"", NOW),
        (token(audience="auth"), BODY, NOW),
        (token(), BODY, NOW + timedelta(seconds=66)),
        (token(), BODY, NOW - timedelta(seconds=6)),
        (
            IdentitySigner(generate_key()).sign(USER, audience="users", body=BODY, request_id="r", now=NOW),
            BODY,
            NOW,
        ),
        ("", BODY, NOW),
        ("a.b.c", BODY, NOW),
        (token() + ".x", BODY, NOW),
        (token().rsplit(".", 1)[0], BODY, NOW),
        (token().rsplit(".", 1)[0] + ".", BODY, NOW),
        ("é" * 50, BODY, NOW),
    ],
)
def test_anything_else_is_refused(signed: str, body: bytes, now: datetime) -> None:
    with pytest.raises(IdentityRefused):
        VERIFIER.verify(signed, body, now)


def test_no_token_lives_longer_than_a_minute() -> None:
    signed = token(lifetime=timedelta(hours=1))

    with pytest.raises(IdentityRefused):
        VERIFIER.verify(signed, BODY, NOW + timedelta(seconds=66))


def resigned(**changes: object) -> str:
    """A token signed with the right key over changed claims: a router with a bug."""
    header, payload, _ = token().split(".")
    claims = {**json.loads(urlsafe_b64decode(payload + "==")), **changes}
    changed = f"{header}.{urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}"
    signature = urlsafe_b64encode(KEY.sign(changed.encode())).rstrip(b"=").decode()
    return f"{changed}.{signature}"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": ["users"]},
        {"exp": int(NOW.timestamp()) + 3600},
        {"exp": "soon"},
        {"iat": None},
        {"digest": None},
        {"who": None},
        {"who": {"kind": "root"}},
        {"who": {"kind": "user", "id": "x", "org": None, "scopes": [], "sid": None, "key": None}},
    ],
)
def test_odd_claims_are_refused_even_if_signed(changes: dict[str, object]) -> None:
    with pytest.raises(IdentityRefused):
        VERIFIER.verify(resigned(**changes), BODY, NOW)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA"])
def test_a_header_of_somebodys_own_is_never_read(algorithm: str) -> None:
    header = urlsafe_b64encode(
        json.dumps({"alg": algorithm, "kid": key_id(KEY.public_key())}).encode()
    ).decode()
    _, payload, signature = token().split(".")

    for forged in (
        f"{header}.{payload}.{signature}",
        f"{header}.{payload}.",
        f"{header.rstrip('=')}.{payload}",
    ):
        with pytest.raises(IdentityRefused):
            VERIFIER.verify(forged, BODY, NOW)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_a_single_changed_character_is_noticed(at: int, to: int) -> None:
    good = token()
    at %= len(good)
    changed = good[:at] + chr(to) + good[at + 1 :]
    if changed == good or _same_bytes(changed, good):
        return

    with pytest.raises(IdentityRefused):
        VERIFIER.verify(changed, BODY, NOW)


def _same_bytes(changed: str, good: str) -> bool:
    """The last character of base64 has spare bits: other texts, the same signature."""
    return changed[:-1] == good[:-1]


def test_before_the_body_comes_only_the_digest_is_left_open() -> None:
    assert VERIFIER.verify_before_body(token(body=b"later"), NOW).principal == USER
    with pytest.raises(IdentityRefused):
        VERIFIER.verify_before_body(token(audience="auth"), NOW)


def test_keys_are_read_as_text_and_as_pem() -> None:
    private_pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public_pem = (
        KEY.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )

    private = [private_key_from_text(text) for text in (private_key_to_text(KEY), private_pem)]
    public = [public_key_from_text(text) for text in (public_key_to_text(KEY.public_key()), public_pem)]

    assert {key_id(key.public_key()) for key in private} == {key_id(key) for key in public}
    assert {key_id(key) for key in public} == {key_id(KEY.public_key())}


@pytest.mark.parametrize("text", ["", "short", "-----BEGIN nothing", "é", "A" * 44])
def test_what_is_no_key_is_a_value_error(text: str) -> None:
    for read in (private_key_from_text, public_key_from_text):
        with pytest.raises(ValueError):
            read(text)
