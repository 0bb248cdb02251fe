"""Random strings that are handed out once and kept only as a hash: refresh and one-time tokens."""

import base64
import hashlib
import secrets
from uuid import UUID

from subgraphs.auth.keys.keyring import Keys, hmac_sha256

_BYTES = 32
_TEXT_LENGTH = 43


def new_token() -> str:
    """A fresh token: 256 random bits as text."""
    return _text_of(secrets.token_bytes(_BYTES))


def successor_of(token: str, *, token_id: UUID, keys: Keys) -> str:
    """The token that follows this one: always the same, so that a lost answer can be given again.

    It needs the server's key and the token itself: neither a copy of the database nor the key alone
    gives a usable token.
    """
    return _text_of(hmac_sha256(keys.refresh_derivation, b"successor", token_id.bytes, token.encode()))


def token_hash(token: str) -> bytes:
    """What is stored of a token. 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def is_token(text: str) -> bool:
    """Whether the text could be a token at all."""
    return len(text) == _TEXT_LENGTH and text.isascii()


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
