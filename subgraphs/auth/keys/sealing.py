"""Secrets at rest: AES-256-GCM under a key of the keyring, named in the envelope.

envelope = version (1 byte) | key name (4 bytes) | nonce (12 bytes) | ciphertext and tag
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from subgraphs.auth.keys.keyring import Keyring

_VERSION = b"\x01"
_NAME_BYTES = 4
_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + _NAME_BYTES + _NONCE_BYTES


class SealBroken(Exception):
    """The envelope was altered, belongs elsewhere, or its key is not on the keyring."""


def seal(secret: bytes, *, keyring: Keyring, bound_to: str) -> bytes:
    """The secret in an envelope that opens only with this keyring and for the same `bound_to`."""
    key = keyring.current.sealing
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + _name_of(key) + nonce + AESGCM(key).encrypt(nonce, secret, bound_to.encode())


def unseal(envelope: bytes, *, keyring: Keyring, bound_to: str) -> bytes:
    """The secret inside; raises SealBroken."""
    if len(envelope) <= _HEADER_BYTES or envelope[:1] != _VERSION:
        raise SealBroken("not an envelope of this version")
    name = envelope[1 : 1 + _NAME_BYTES]
    nonce, ciphertext = envelope[1 + _NAME_BYTES : _HEADER_BYTES], envelope[_HEADER_BYTES:]
    for keys in keyring.all:
        if _name_of(keys.sealing) == name:
            try:
                return AESGCM(keys.sealing).decrypt(nonce, ciphertext, bound_to.encode())
            except InvalidTag as cause:
                raise SealBroken("the envelope was altered or belongs elsewhere") from cause
    raise SealBroken("the key of this envelope is not on the keyring")


def _name_of(key: bytes) -> bytes:
    return hashlib.sha256(b"atrium/auth/key-name" + key).digest()[:_NAME_BYTES]
