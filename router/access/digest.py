"""How credentials are remembered: never themselves."""

from hashlib import sha256


def digest_of(credential: str) -> bytes:
    """Tells credentials apart."""
    return sha256(credential.encode("utf-8", "surrogatepass")).digest()
