"""What a subgraph gets instead of an uploaded file: a signed word that it may fetch it, for a while."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from common.access.jws import NotSigned, claims_of, header_segment, signed
from common.access.signing import key_id

TYPE = "atrium-upload+jwt"
_LARGEST = 4_096


class ReferenceRefused(Exception):
    """The text is no reference that may be used now; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded file. `name` and `type` are what the client said, harmless but not to be believed."""

    key: str
    name: str
    type: str
    size: int
    sha256: str


class UploadSigner:
    """Writes references, with the router's key."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._key = private_key
        self._header = _header(private_key.public_key())

    def sign(self, upload: Upload, until: datetime) -> str:
        """The reference, good until then."""
        return signed(self._header, {**asdict(upload), "exp": int(until.timestamp())}, self._key)


class UploadVerifier:
    """Reads references that one of these keys signed."""

    def __init__(self, public_keys: Iterable[Ed25519PublicKey]) -> None:
        self._keys = {_header(each): each for each in public_keys}

    def verify(self, text: object, now: datetime) -> Upload:
        """The file that is meant; raises ReferenceRefused."""
        if not isinstance(text, str) or len(text) > _LARGEST:
            raise ReferenceRefused("an upload has to come as a file")
        try:
            claims = claims_of(text, self._keys)
            upload, until = _upload(claims), datetime.fromtimestamp(claims["exp"], UTC)
        except NotSigned as problem:
            raise ReferenceRefused("an upload has to come as a file") from problem
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            raise ReferenceRefused("the reference is incomplete") from problem
        if now >= until:
            raise ReferenceRefused("the reference has expired")
        return upload


def _header(key: Ed25519PublicKey) -> str:
    return header_segment(key_id(key), TYPE)


def _upload(claims: Mapping[str, Any]) -> Upload:
    texts = {name: claims[name] for name in ("key", "name", "type", "sha256")}
    if not all(isinstance(each, str) for each in texts.values()) or not isinstance(claims["size"], int):
        raise TypeError("a claim is of another type")
    return Upload(**texts, size=claims["size"])
