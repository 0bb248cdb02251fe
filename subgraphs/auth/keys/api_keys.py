"""The text of an API key: `atr_<label><10 characters>_<secret><checksum>`.

Everything before the second underscore is the prefix: shown to people, unique, and what a look-up goes by.
The secret has 256 random bits; the checksum lets scanners and the front door tell a key from a typo
without asking the database.
"""

import binascii
import hmac
import re
import secrets
from dataclasses import dataclass

from subgraphs.auth.keys.keyring import Keyring, Keys, hmac_sha256

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HANDLE_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_HANDLE_LENGTH = 10
_SECRET_LENGTH = 43
_CHECKSUM_LENGTH = 6
_SHAPE = re.compile(
    rf"atr_[a-z]{{1,8}}[{_HANDLE_ALPHABET}]{{{_HANDLE_LENGTH}}}"
    rf"_[{_ALPHABET}]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
)
_NOBODYS_HASH = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key just made. `text` is shown once and kept nowhere."""

    text: str
    prefix: str
    last4: str
    hash: bytes


def new_api_key(*, label: str, keys: Keys) -> NewApiKey:
    """A fresh key. `label` says what it opens (`live`, `dev`): a person should see the difference."""
    handle = "".join(secrets.choice(_HANDLE_ALPHABET) for _ in range(_HANDLE_LENGTH))
    prefix = f"atr_{label}{handle}"
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    text = with_checksum(f"{prefix}_{secret}")
    return NewApiKey(text=text, prefix=prefix, last4=text[-4:], hash=_hash_of(text, keys))


def prefix_of(text: str) -> str | None:
    """The prefix of a well-formed key whose checksum is right; None for anything else."""
    if not _SHAPE.fullmatch(text):
        return None
    body = text[:-_CHECKSUM_LENGTH]
    if with_checksum(body) != text:
        return None
    return body.rpartition("_")[0]


def is_key_of(text: str, stored_hash: bytes | None, *, keyring: Keyring) -> bool:
    """Whether the hash was made from this key; takes equally long for every answer, None included."""
    expected = stored_hash if stored_hash is not None else _NOBODYS_HASH
    matches = [hmac.compare_digest(_hash_of(text, keys), expected) for keys in keyring.all]
    return any(matches) and stored_hash is not None


def with_checksum(body: str) -> str:
    """The body of a key with the six characters that end it."""
    number = binascii.crc32(body.encode())
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return body + "".join(reversed(digits))


def _hash_of(text: str, keys: Keys) -> bytes:
    return hmac_sha256(keys.api_key_pepper, b"api-key", text.encode())
