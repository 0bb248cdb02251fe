"""Claims signed with Ed25519, as a JWS in compact form (RFC 7515, alg `Ed25519` of RFC 9864).

A reader takes the key from the whole first segment, so no header that a stranger wrote is ever parsed.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class NotSigned(Exception):
    """None of the known keys signed this text, or what it signed is no JSON object."""


def header_segment(kid: str, typ: str) -> str:
    """The first segment of everything of this type that the key of this id signs."""
    return encode(_compact({"alg": "Ed25519", "kid": kid, "typ": typ}))


def signed(header: str, claims: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """The three segments."""
    text = f"{header}.{encode(_compact(claims))}"
    return f"{text}.{encode(key.sign(text.encode()))}"


def claims_of(text: str, keys: Mapping[str, Ed25519PublicKey]) -> Mapping[str, Any]:
    """The claims, if one of the keys (by header segment) signed them; raises NotSigned."""
    header, _, rest = text.partition(".")
    payload, _, signature = rest.partition(".")
    key = keys.get(header)
    if key is None:
        raise NotSigned("no known key signed this")
    try:
        key.verify(decode(signature), f"{header}.{payload}".encode())
        claims = json.loads(decode(payload))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise NotSigned("the signature is wrong") from error
    if not isinstance(claims, dict):
        raise NotSigned("the claims are no object")
    return claims


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url without padding; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _compact(claims: Mapping[str, Any]) -> bytes:
    return json.dumps(claims, separators=(",", ":")).encode()
