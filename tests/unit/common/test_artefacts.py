"""Artefacts: what the registry signed is believed wherever it comes from; everything else is refused."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.access import jws
from common.access.artefacts import (
    ArtefactKind,
    ArtefactRefused,
    ArtefactSigner,
    ArtefactVerifier,
    tag_of,
)
from common.access.principal import ANONYMOUS
from common.access.signing import IdentitySigner, generate_key, key_id
from common.ids import uuid7

KEY, NEXT_KEY, STRANGER = generate_key(), generate_key(), generate_key()
VERIFIER = ArtefactVerifier([KEY.public_key(), NEXT_KEY.public_key()])
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
GRAPH = uuid7()
BODY = "type Query { ärger: String }\n".encode()


def artefact(*, body: bytes = BODY, signer: ArtefactSigner | None = None, serial: int = 12) -> bytes:
    """What the registry hands out."""
    return (signer or ArtefactSigner(KEY)).sign(
        body,
        kind=ArtefactKind.SUPERGRAPH,
        graph=GRAPH,
        is_platform=True,
        variant="app",
        number=7,
        serial=serial,
        now=NOW,
    )


def verify(text: bytes) -> None:
    """Try to believe it."""
    VERIFIER.verify(text, kind=ArtefactKind.SUPERGRAPH)


def with_claims(**changed: Any) -> bytes:
    """An artefact that the right key signed over other claims."""
    head, _, body = artefact().partition(b"\n")
    claims: dict[str, Any] = json.loads(jws.decode(head.decode().split(".")[1])) | changed
    claims = {name: value for name, value in claims.items() if value is not ...}
    header = jws.header_segment(key_id(KEY.public_key()), "atrium-artefact+jws")
    return jws.signed(header, claims, KEY).encode() + b"\n" + body


def test_everything_arrives() -> None:
    read = VERIFIER.verify(artefact(), kind=ArtefactKind.SUPERGRAPH)

    assert (read.kind, read.graph, read.is_platform, read.variant) == ("supergraph", GRAPH, True, "app")
    assert (read.number, read.serial, read.signed_at, read.body) == (7, 12, NOW, BODY)


@pytest.mark.parametrize("body", [b"", b"\n", b"a\nb\n", b"\x00\xff" * 1000])
def test_any_body_arrives_to_the_byte(body: bytes) -> None:
    assert VERIFIER.verify(artefact(body=body), kind=ArtefactKind.SUPERGRAPH).body == body


def test_the_next_key_is_as_good() -> None:
    assert (
        VERIFIER.verify(artefact(signer=ArtefactSigner(NEXT_KEY)), kind=ArtefactKind.SUPERGRAPH).serial == 12
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "first line"),
        (b"\n" + BODY, "no known key"),
        (BODY, "malformed"),
        (b"{}\n" + BODY, "no known key"),
        (artefact(signer=ArtefactSigner(STRANGER)), "no known key"),
        (artefact().replace(b"type Query", b"type Qwery"), "changed"),
        (artefact()[:-1], "cut short"),
        (artefact() + b"\n", "changed"),
        (artefact().partition(b"\n")[0], "first line"),
        (artefact().partition(b"\n")[0] + b"\n", "cut short"),
        (b"x" * 100_000_000, "first line"),
        (artefact().partition(b".")[0] + b"." + b"e" * 4_096 + b"\n", "first line"),
        (artefact().replace(b".", b"\xff.", 1), "malformed"),
        (with_claims(kind="manifest"), "malformed"),
        (with_claims(kind=...), "malformed"),
        (with_claims(graph="platform"), "malformed"),
        (with_claims(graph=7), "malformed"),
        (with_claims(variant=None), "malformed"),
        (with_claims(serial=0), "malformed"),
        (with_claims(serial=True), "malformed"),
        (with_claims(serial="12"), "malformed"),
        (with_claims(number=-1), "malformed"),
        (with_claims(sha256="0" * 64), "changed"),
        (with_claims(sha256="short"), "malformed"),
        (with_claims(iat=10**30), "malformed"),
    ],
)
def test_what_is_not_as_signed_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(ArtefactRefused, match=why):
        verify(text)


def test_a_platform_claim_of_another_kind_is_no_platform() -> None:
    read = VERIFIER.verify(with_claims(platform="yes"), kind=ArtefactKind.SUPERGRAPH)

    assert not read.is_platform


def test_claims_of_one_artefact_do_not_fit_another() -> None:
    newer, older = artefact(serial=13, body=b"new"), artefact(serial=12, body=b"old")

    with pytest.raises(ArtefactRefused, match="changed"):
        verify(newer.partition(b"\n")[0] + b"\n" + older.partition(b"\n")[2])


def test_a_key_that_signs_identities_too_lends_them_no_weight_here() -> None:
    token = IdentitySigner(KEY).sign(ANONYMOUS, audience="gateway", body=BODY, request_id="r", now=NOW)

    with pytest.raises(ArtefactRefused, match="no known key"):
        verify(token.encode() + b"\n" + BODY)


def test_a_header_that_names_no_algorithm_is_not_even_read() -> None:
    head, _, body = artefact().partition(b"\n")
    _, payload, _ = head.split(b".")
    unsigned = urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=")

    with pytest.raises(ArtefactRefused, match="no known key"):
        verify(unsigned + b"." + payload + b".\n" + body)


@given(place=st.integers(0, len(artefact()) - 1), flip=st.integers(1, 255))
def test_no_changed_byte_survives(place: int, flip: int) -> None:
    text = bytearray(artefact())
    text[place] ^= flip

    try:
        read = VERIFIER.verify(bytes(text), kind=ArtefactKind.SUPERGRAPH)
    except ArtefactRefused:
        return
    # Base64 may spell the signature's last byte in several ways; what is read is what was signed.
    assert (read.body, read.serial, read.graph) == (BODY, 12, GRAPH)


def test_the_tag_follows_what_is_active_and_not_the_signature() -> None:
    one = VERIFIER.verify(artefact(), kind=ArtefactKind.SUPERGRAPH)
    again = VERIFIER.verify(artefact(signer=ArtefactSigner(NEXT_KEY)), kind=ArtefactKind.SUPERGRAPH)
    later = VERIFIER.verify(artefact(serial=13), kind=ArtefactKind.SUPERGRAPH)

    assert one.tag == again.tag == tag_of(12, one.sha256)
    assert one.tag != later.tag
    assert one.tag[0] == one.tag[-1] == '"'
