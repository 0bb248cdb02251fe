"""The domain's own keys, each derived from one master secret for one purpose."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What one master secret gives: a key per purpose, so that none can stand in for another."""

    sealing: bytes
    api_key_pepper: bytes
    refresh_derivation: bytes
    throttle_pepper: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The keys in use, and those of earlier master secrets, which still open and verify but make nothing."""

    current: Keys
    previous: tuple[Keys, ...] = ()

    @property
    def all(self) -> tuple[Keys, ...]:
        """Current keys first."""
        return (self.current, *self.previous)


def keyring_of(master: bytes, previous: Sequence[bytes] = ()) -> Keyring:
    """The keyring of a master secret (32 random bytes or more) and of those it replaced."""
    return Keyring(current=_keys_of(master), previous=tuple(_keys_of(secret) for secret in previous))


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """A MAC over the parts, each preceded by its length so that no two splits collide."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(len(part).to_bytes(4, "big"))
        mac.update(part)
    return mac.digest()


def _keys_of(master: bytes) -> Keys:
    if len(master) < MASTER_SECRET_BYTES:
        raise ValueError(f"The master secret needs at least {MASTER_SECRET_BYTES} bytes, got {len(master)}.")
    return Keys(
        sealing=_derived(master, b"sealing"),
        api_key_pepper=_derived(master, b"api-key-pepper"),
        refresh_derivation=_derived(master, b"refresh-derivation"),
        throttle_pepper=_derived(master, b"throttle-pepper"),
    )


def _derived(master: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"atrium/auth/" + purpose).derive(master)
