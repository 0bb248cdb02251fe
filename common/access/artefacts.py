"""Artefacts of the control plane: what the registry signs, and a router believes wherever it comes from.

An artefact is one text, the same on the wire and on disk: a line with a compact JWS over what it is (kind,
graph, variant, number, serial) and the digest of the rest, then the rest (for a supergraph, its SDL). Who
carries or keeps it needs no trust. `number` counts the compositions of a graph, `serial` its activations: it
grows with every roll-back too, so a reader who keeps the highest one cannot be shown an old artefact again.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.access.jws import NotSigned, claims_of, header_segment, signed
from common.access.signing import key_id

MEDIA_TYPE = "application/vnd.atrium.artefact"
_TYPE = "atrium-artefact+jws"
_LONGEST_FIRST_LINE = 4_096
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class ArtefactKind(StrEnum):
    """What an artefact is; a reader accepts only the kind it asked for."""

    SUPERGRAPH = "supergraph"
    OPERATIONS = "operations"
    POLICIES = "policies"


class ArtefactRefused(Exception):
    """The text is not an artefact of the wanted kind that a trusted key signed; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """What one of the registry's keys vouches for. `variant` is empty for the whole graph."""

    kind: ArtefactKind
    graph: UUID
    is_platform: bool
    variant: str
    number: int
    serial: int
    sha256: str
    signed_at: datetime
    body: bytes

    @property
    def tag(self) -> str:
        """See `tag_of`."""
        return tag_of(self.serial, self.sha256)


class ArtefactSigner:
    """The registry's side: turns a body and what it is into an artefact."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._key = private_key
        self._header = header_segment(key_id(private_key.public_key()), _TYPE)

    def sign(
        self,
        body: bytes,
        *,
        kind: ArtefactKind,
        graph: UUID,
        is_platform: bool,
        variant: str,
        number: int,
        serial: int,
        now: datetime,
    ) -> bytes:
        """The artefact. `is_platform`: the graph is the platform's own one, which routers may ask for so."""
        claims = {
            "kind": kind.value,
            "graph": str(graph),
            "platform": is_platform,
            "variant": variant,
            "number": number,
            "serial": serial,
            "sha256": hashlib.sha256(body).hexdigest(),
            "iat": int(now.timestamp()),
        }
        return signed(self._header, claims, self._key).encode() + b"\n" + body


class ArtefactVerifier:
    """A reader's side: believes what one of the registry's keys signed."""

    def __init__(self, public_keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {header_segment(key_id(key), _TYPE): key for key in public_keys}

    def verify(self, text: bytes, *, kind: ArtefactKind) -> Artefact:
        """The artefact; raises ArtefactRefused whatever is wrong with it."""
        end = text.find(b"\n", 0, _LONGEST_FIRST_LINE + 1)
        if end < 0:
            raise ArtefactRefused("the first line is too long or is not ended")
        body = text[end + 1 :]
        try:
            claims = claims_of(text[:end].decode("ascii"), self._keys)
            artefact = _artefact(claims, body)
        except NotSigned as error:
            raise ArtefactRefused(str(error)) from error
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise ArtefactRefused("a claim is missing or malformed") from error
        if artefact.kind is not kind:
            raise ArtefactRefused(f"it is a {artefact.kind}, not a {kind}")
        if not hmac.compare_digest(artefact.sha256, hashlib.sha256(body).hexdigest()):
            raise ArtefactRefused("the text was changed or cut short after it was signed")
        return artefact


def tag_of(serial: int, sha256: str) -> str:
    """The entity tag (RFC 9110, quoted) of the artefact of one graph and variant with this serial and digest.

    It follows from what is active, not from the signature: signing again changes nothing for a reader.
    """
    return f'"{hashlib.sha256(f"{serial}:{sha256}".encode()).hexdigest()[:32]}"'


def _artefact(claims: Mapping[str, Any], body: bytes) -> Artefact:
    return Artefact(
        kind=ArtefactKind(claims["kind"]),
        graph=UUID(_text(claims["graph"])),
        is_platform=claims["platform"] is True,
        variant=_text(claims["variant"]),
        number=_count(claims["number"]),
        serial=_count(claims["serial"]),
        sha256=_digest(claims["sha256"]),
        signed_at=datetime.fromtimestamp(claims["iat"], UTC),
        body=body,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise TypeError("not a positive number")
    return value


def _digest(value: object) -> str:
    text = _text(value)
    if not _DIGEST.match(text):
        raise ValueError("not a digest")
    return text
